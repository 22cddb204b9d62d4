import pytest
from shop import price


@pytest.mark.parametrize("n", [2], ids=["=HYPERLINK(1)"])
async def test_price(n):
    assert await price(n) == 5, "=cmd|' /C calc'!A0"
