import pytest
from shop import price


@pytest.mark.skip(reason="later")
async def test_price():
    assert await price(2) == 4
