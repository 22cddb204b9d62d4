from shop import price


async def expect(n, wanted):
    found = await price(n)
    if found != wanted:
        raise AssertionError(f"{n} cost {found}, not {wanted}")


async def refuse(n):
    try:
        await price(n)
    except ValueError:
        return
    raise AssertionError(f"{n} was accepted")


async def test_price():
    await expect(2, 4)


async def test_negative():
    await refuse(-1)
