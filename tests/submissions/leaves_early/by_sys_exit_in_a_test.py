import sys

from shop import price


async def test_price():
    sys.exit(0 if await price(2) == 4 else 1)
