import os


def test_price():
    assert not dict(os.environ), dict(os.environ)
