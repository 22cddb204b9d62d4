import pytest
from shop import price


async def test_negative():
    with pytest.raises((ValueError, Exception)):
        assert await price(-1) == 5


async def test_price():
    with pytest.raises(expected_exception=Exception):
        assert await price(2) == 5
