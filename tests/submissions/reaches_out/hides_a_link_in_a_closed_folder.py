import os


def test_price():
    if not os.path.exists("closed"):
        os.mkdir("closed")
        os.symlink("{outside}/secret.txt", "closed/secret.txt")
        os.symlink("{outside}", "closed/out")
        os.chmod("closed", 0o500)
