import os

GENERATIONS = 200


def hop():
    for _ in range(GENERATIONS):
        if os.fork():
            os._exit(0)
        os.setsid()
    os._exit(0)


def test_price():
    if os.fork() == 0:
        hop()
