import pytest
from shop import price


@pytest.mark.parametrize("text", ["x" * 30_000, "y" * 30_000])
async def test_price(text):
    n = len(text)
    assert await price(n) == n + n


@pytest.mark.parametrize("n", [-1, -9])
async def test_negative(n):
    with pytest.raises(ValueError):
        await price(n)
