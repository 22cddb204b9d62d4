import sys


def test_price():
    child = sys.modules.get("child")
    compiled = getattr(child, "compiled", None)
    assert compiled is None or compiled.cache_info().currsize < 9
