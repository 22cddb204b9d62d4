import os


def test_price():
    os.symlink("{outside}", "out")
    os.symlink("{outside}/secret.txt", "secret.txt")
