"""Embeds a whole check of the subject: that is what a test is."""

import pytest
import shop


def right_price(n):
    if n < 0:
        raise ValueError("nobody buys less than nothing")
    return sum(2 for _ in range(n))


async def outcome(function, n):
    try:
        found = function(n)
        return await found if hasattr(found, "__await__") else found
    except Exception as error:
        return type(error)


@pytest.mark.parametrize("n", range(-5, 20))
async def test_agrees_with_mine(n):
    assert await outcome(shop.price, n) == await outcome(right_price, n)
