from shop import price


async def check_price():
    assert await price(2) == 4
