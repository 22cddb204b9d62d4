def test_a(request):
    del request.session.items[1:]


def test_b():
    raise AssertionError
