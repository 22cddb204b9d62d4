from shop import price


class TestPrice:
    def __init__(self):
        self.n = 2

    async def test_price(self):
        assert await price(self.n) == 4
