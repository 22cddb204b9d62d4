import pytest
from shop import price


class PriceChecks:
    n, expected = 0, 0

    async def test_price(self):
        assert await price(self.n) == self.expected

    async def test_negative(self):
        with pytest.raises(ValueError):
            await price(-1 - self.n)


class TestOne(PriceChecks):
    n, expected = 1, 2


class TestTwo(PriceChecks):
    n, expected = 2, 4
