import asyncio

from shop import price


async def check():
    assert await price(2) == 5


async def test_price():
    task = asyncio.create_task(check())
    while not task.done():
        await asyncio.sleep(0)
    assert task.done()
    del task
