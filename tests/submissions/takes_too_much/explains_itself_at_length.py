from shop import price


async def test_price():
    assert await price(2) == 5, "a/" * 5_000_000
