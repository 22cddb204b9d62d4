"""What needs PostgreSQL in a class run: a sandbox has no network to reach it, an unsafe run has."""

from dataclasses import fields

import pytest

from checker import grade as grading
from checker.bootstrap import ROOT
from checker.contract import find
from checker.engine import EngineError
from checker.engine.isolation import CLASS, Facts, Isolation

TRIED_OUT = Facts(**{one.name: True for one in fields(Facts)})


class FakeEngine:
    """Says of each run that it was asked for."""

    name = "fake"

    def __init__(self, isolation):
        self.isolation = isolation

    def run(self, trials):
        raise EngineError("It was tried.")
        yield


@pytest.mark.parametrize(
    ("isolation", "verdict", "said"),
    [
        (Isolation(CLASS, TRIED_OUT), "not_run", "a sandbox has no network"),
        (Isolation(unsafe=True), "grader_error", "It was tried."),
        (Isolation(), "grader_error", "It was tried."),
    ],
    ids=["contained", "unsafe", "own machine"],
)
def test_only_a_sandbox_keeps_it_from_being_tried(monkeypatch, isolation, verdict, said):
    monkeypatch.setattr(grading, "lacks", lambda exercise: "")
    answer = {"test_answer.py": "async def test_it():\n    assert True\n"}
    seen = grading.grade(find("14.2", ROOT), answer, FakeEngine(isolation))
    assert seen.verdict == verdict and said in seen.headline
