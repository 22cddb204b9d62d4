import pytest
from shop import price


async def test_negative():
    with pytest.raises(BaseException):
        assert await price(-1) == 5
