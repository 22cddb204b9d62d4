from shop import price


async def test_price():
    return await price(2) == 4
