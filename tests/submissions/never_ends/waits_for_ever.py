import asyncio


async def test_price():
    await asyncio.Event().wait()
