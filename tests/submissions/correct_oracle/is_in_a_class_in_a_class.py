import pytest
from shop import price


class TestShop:
    class TestPrice:
        async def test_price(self):
            assert await price(2) == 4

    class TestNegative:
        async def test_negative(self):
            with pytest.raises(ValueError):
                await price(-1)
