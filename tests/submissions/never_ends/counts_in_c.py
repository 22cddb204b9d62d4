def test_price():
    assert 7 ** (7 ** 9) % 10
