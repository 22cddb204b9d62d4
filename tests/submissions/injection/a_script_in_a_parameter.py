import pytest
from shop import price


@pytest.mark.parametrize("n", [2], ids=["</testcase><script>alert(1)</script>"])
async def test_price(n):
    assert await price(n) == 5
