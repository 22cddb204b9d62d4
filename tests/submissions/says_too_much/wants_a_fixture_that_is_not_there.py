async def test_price(client):
    assert await client.price(2) == 4
