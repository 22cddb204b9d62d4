import asyncio
import time

from shop import price


async def test_price():
    async with asyncio.timeout(0.1):
        time.sleep(600)
        assert await price(2) == 4
