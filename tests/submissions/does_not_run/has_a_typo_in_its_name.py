from shop import price


async def tset_price():
    assert await price(2) == 4
