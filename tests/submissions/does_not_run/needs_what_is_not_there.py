import pytest
from shop import price

trio = pytest.importorskip("trio_of_nobody")


async def test_price():
    assert await price(2) == 4
