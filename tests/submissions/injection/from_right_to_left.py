from shop import price

TURNED = "\u202egnorw si siht\u202c\u2066\u2069\u200b\u200e\u061c\ufeff\u2028\u2029\x85"


async def test_price():
    assert await price(2) == 5, TURNED
