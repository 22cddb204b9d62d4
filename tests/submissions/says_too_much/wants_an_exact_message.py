import pytest
from shop import price


async def test_price():
    assert await price(2) == 4


async def test_negative():
    with pytest.raises(ValueError) as caught:
        await price(-1)
    assert str(caught.value) == "negative"
