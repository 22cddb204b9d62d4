import pytest
from shop import price


async def test_price():
    numbers = {1, 2, 3}
    names = {"tea", "oat"}
    assert {await price(n) for n in numbers} == {2, 4, 6}
    for name in names:
        assert await price(len(name)) == 6
    assert sorted(names)[0] == "oat"


async def test_negative():
    with pytest.raises(ValueError):
        await price(-1)
