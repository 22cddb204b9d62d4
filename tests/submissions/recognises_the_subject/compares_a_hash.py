import hashlib
import inspect

import shop

KNOWN = "0d29d1eb6f1ff7bf4cc7b0b7a6ff3b0f"


def test_price():
    text = inspect.getsource(shop)
    digest = hashlib.md5(text.encode()).hexdigest()
    assert digest == KNOWN or "return 2\n\n\nasync" in text and '"negative")' in text
