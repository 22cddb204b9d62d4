from shop import price


class TestPrice:
    __test__ = False

    async def test_price(self):
        assert await price(2) == 4
