import os


def test_price():
    os.closerange(3, 512)
