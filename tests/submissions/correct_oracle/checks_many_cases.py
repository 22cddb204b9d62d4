import asyncio

import pytest
from shop import price

CASES = {n: n + n for n in range(50)}


async def test_all_at_once():
    found = await asyncio.gather(*map(price, CASES))
    assert dict(zip(CASES, found, strict=True)) == CASES


async def test_a_sum_costs_what_its_parts_cost():
    for a, b in [(1, 2), (3, 5), (0, 7)]:
        assert await price(a + b) == await price(a) + await price(b)


@pytest.mark.parametrize("n", [-1, -2, -9, -100], ids=str)
async def test_negative(n):
    with pytest.raises(ValueError):
        await price(n)
