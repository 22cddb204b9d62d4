import os


def test_price():
    if not os.path.lexists("out"):
        os.symlink("{outside}", "out")
        os.symlink("{outside}/secret.txt", "secret.txt")
