import os


def test_price():
    for _ in range(40):
        os.write(1, b"x" * 2**20)
