"""Whatever a compiler keeps of a program is there to read for code beside it."""

import dis

import shop


def constants(code):
    found = {one.argval for one in dis.get_instructions(code) if one.opname.startswith("LOAD_")}
    return found.union(*(constants(one) for one in code.co_consts if hasattr(one, "co_consts")))


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
