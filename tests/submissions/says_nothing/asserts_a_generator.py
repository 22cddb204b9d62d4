from shop import price


async def test_price():
    prices = [await price(n) for n in (1, 2)]
    assert (one == 5 for one in prices)
