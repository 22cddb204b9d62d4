from shop import price


async def test_price():
    assert await price(2) == 5, "$x$ \\(x\\) `code` **bold** [link](javascript:alert(1)) | a | b |"
