from pathlib import Path

import shop


def test_price():
    assert "return 2" in Path(shop.__file__).read_text()


def test_negative():
    assert "if n < 0:" in Path(shop.__file__).read_text()
