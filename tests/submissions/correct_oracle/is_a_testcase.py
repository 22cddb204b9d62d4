import unittest

from shop import price


class PriceCase(unittest.IsolatedAsyncioTestCase):
    async def test_price(self):
        self.assertEqual(await price(2), 4)

    async def test_negative(self):
        with self.assertRaises(ValueError):
            await price(-1)
