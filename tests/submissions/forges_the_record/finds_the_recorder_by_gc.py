import gc


def recorder():
    gc.unfreeze()
    for one in gc.get_objects():
        if type(one).__name__ == "Recorder":
            return one
    return None


def test_price():
    found = recorder()
    assert found is None or found.explain or found.repeat > 1
