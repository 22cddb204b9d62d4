import pytest
from shop import price


async def test_price():
    if await price(2) == 4:
        pytest.exit("all is well", returncode=0)


async def test_negative():
    raise AssertionError
