from shop import price

Nasty = type("\x1b[31m<b>Error</b>\n::error::", (Exception,), {})


async def test_price():
    await price(2)
    raise Nasty("\x1b[31m")
