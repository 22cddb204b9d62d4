from shop import price


async def test_price():
    assert await price(2) == 5
