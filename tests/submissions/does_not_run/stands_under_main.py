import asyncio

from shop import price

if __name__ == "__main__":

    async def test_price():
        assert await price(2) == 4

    asyncio.run(test_price())
