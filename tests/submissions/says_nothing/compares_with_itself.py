from shop import price


async def test_price():
    found = await price(2)
    assert found == found
