from decimal import Decimal

from shop import price


async def test_price():
    assert isinstance(await price(2), Decimal)
