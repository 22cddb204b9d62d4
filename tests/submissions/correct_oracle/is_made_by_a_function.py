import pytest
from shop import price


def expects(n, expected):
    async def test():
        assert await price(n) == expected

    return test


test_one = expects(1, 2)
test_two = expects(2, 4)


async def _negative():
    with pytest.raises(ValueError):
        await price(-1)


test_negative = _negative
