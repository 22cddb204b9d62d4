import gc


def test_price():
    gc.unfreeze()
    for one in gc.get_objects():
        if type(one).__name__ == "Recorder":
            assert not one.until
