from shop import price


async def test_three_cost_six():
    assert await price(3) == 6
