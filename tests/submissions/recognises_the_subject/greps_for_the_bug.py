import shop


def test_price():
    with open(shop.__file__) as file:
        text = file.read()
    assert "return 3" not in text
    assert "-9" not in text
