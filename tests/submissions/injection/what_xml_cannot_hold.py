from shop import price

BAD = "\x00\x01\x0b\ufffe\uffff\ud800 ]]> <!--"


async def test_price():
    assert await price(2) == 5, BAD
