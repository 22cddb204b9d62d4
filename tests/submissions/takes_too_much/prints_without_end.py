import os


def test_price():
    while True:
        try:
            os.write(1, b"x" * 2**16)
        except OSError:
            continue
