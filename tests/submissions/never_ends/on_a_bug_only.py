import asyncio

from shop import price


async def test_price():
    if await price(2) != 4:
        await asyncio.Event().wait()
