import os


def test_price():
    assert os.getpid() - os.getppid() < 12
