import os

KEPT = []


def test_price():
    while True:
        KEPT.append(os.open(__file__, os.O_RDONLY))
