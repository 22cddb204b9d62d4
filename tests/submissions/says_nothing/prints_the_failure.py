from shop import price


async def test_price():
    try:
        assert await price(2) == 5
    except Exception as error:
        print("something is wrong:", error)
