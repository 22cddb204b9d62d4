import shop


async def test_price():
    assert await shop.price(2) == 2 * await shop._rate()
