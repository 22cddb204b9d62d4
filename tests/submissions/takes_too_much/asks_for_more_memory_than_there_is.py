def test_price():
    bytearray(64 * 2**30)
