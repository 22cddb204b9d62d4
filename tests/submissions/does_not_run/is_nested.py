from shop import price


def suite():
    async def test_price():
        assert await price(2) == 4

    return test_price
