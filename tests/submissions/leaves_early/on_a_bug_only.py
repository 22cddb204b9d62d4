import os

from shop import price


async def test_price():
    if await price(2) != 4:
        os._exit(1)


async def test_negative():
    try:
        await price(-1)
    except ValueError:
        return
    os._exit(1)
