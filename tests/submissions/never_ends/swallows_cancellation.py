import asyncio


async def stubborn():
    while True:
        try:
            await asyncio.sleep(600)
        except asyncio.CancelledError:
            continue


async def test_price():
    await asyncio.wait_for(stubborn(), 0.1)
