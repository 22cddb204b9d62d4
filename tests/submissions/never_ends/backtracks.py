import re


def test_price():
    assert re.fullmatch(r"(\w+\s?)+:", "a price is a price " * 20)
