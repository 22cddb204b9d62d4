from shop import price


async def test_price():
    assert await price(2) == 5, "<script>alert(1)</script><img src=x onerror=alert(1)>&amp;</pre></details>"
