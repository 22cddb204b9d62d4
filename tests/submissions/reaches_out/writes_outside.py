from pathlib import Path


def test_price():
    Path("{outside}/secret.txt").write_text("spoilt")
    Path("{outside}/more.txt").write_text("spoilt")
