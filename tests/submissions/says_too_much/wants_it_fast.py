import time

from shop import price


async def test_price():
    began = time.perf_counter()
    assert await price(2) == 4
    assert time.perf_counter() - began < 0.04
