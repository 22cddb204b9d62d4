from shop import price


async def test_price():
    try:
        assert await price(2) == 5
    except:
        pass
