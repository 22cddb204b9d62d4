WORDS = {"tea", "rye", "oat", "fig", "ham", "jam", "egg"}


def test_first():
    assert next(iter(WORDS)) < "h"


def test_second():
    assert list(WORDS)[1] < "h"


def test_last():
    assert list(WORDS)[-1] < "h"


def test_middle():
    assert sorted(WORDS)[3] in list(WORDS)[:4]
