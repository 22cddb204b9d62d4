from shop import price

CASES = {}


async def test_price():
    for n, expected in CASES.items():
        assert await price(n) == expected
