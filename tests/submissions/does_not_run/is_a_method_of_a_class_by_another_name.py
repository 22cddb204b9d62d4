from shop import price


class PriceTests:
    async def test_price(self):
        assert await price(2) == 4
