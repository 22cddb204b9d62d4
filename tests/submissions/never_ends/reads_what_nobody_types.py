def test_price():
    assert input("How much? ") == "4"
