from shop import price


async def test_price():
    assert price(2) != 5
