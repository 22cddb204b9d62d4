from pathlib import Path


def test_price():
    secret = Path("{outside}/secret.txt").read_text()
    assert not secret, secret
