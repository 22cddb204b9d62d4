"""Whatever a compiler keeps of a program is there to read for code beside it."""

import shop


def constants(code):
    found = set()
    for one in code.co_consts:
        found |= constants(one) if hasattr(one, "co_consts") else {one}
    return found


def test_price():
    found = set()
    for name in vars(shop).values():
        if hasattr(name, "__code__"):
            found |= constants(name.__code__)
    assert 3 not in found


def test_negative():
    found = set()
    for name in vars(shop).values():
        if hasattr(name, "__code__"):
            found |= constants(name.__code__)
    assert not found & {9, -9}
