from shop import price


async def test_price():
    await price(2) == 4
