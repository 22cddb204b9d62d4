import pytest
from shop import price


async def test_price():
    found = await price(2)
    if found != 4:
        pytest.fail(f"two cost {found}")


async def test_negative():
    try:
        await price(-1)
    except ValueError:
        return
    pytest.fail("minus one was accepted")
