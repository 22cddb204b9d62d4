def test_a():
    pass


def test_b():
    while True:
        pass


def test_c():
    pass
