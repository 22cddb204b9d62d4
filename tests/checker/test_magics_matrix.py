"""`%matrix` after a restart: from the record of an earlier kernel."""

import pytest
from IPython.core.interactiveshell import InteractiveShell

from checker.magics import exercise
from checker.magics.exercise import ExerciseMagics
from checker.progress import Progress
from checker.verdict import Verdict, Version
from tests.checker.displayed import displayed


@pytest.fixture
def said(monkeypatch):
    return displayed(monkeypatch, exercise)


@pytest.fixture
def magics(tmp_path, pytestconfig, monkeypatch):
    """The magics of a kernel that has graded nothing, in a project whose record may hold a pass."""
    (tmp_path / "app").symlink_to(pytestconfig.rootpath / "app")
    monkeypatch.setattr(exercise, "open_engine", lambda: None)
    magics = ExerciseMagics(InteractiveShell.instance(), tmp_path)
    magics.progress_record = Progress(tmp_path, keep=True)
    yield magics
    InteractiveShell.clear_instance()


def test_it_is_drawn_from_a_pass(magics, said):
    bug = Version("mutant", "a_bug", "caught")
    passed = Verdict("15.3", "", "tests", "passed", "", versions=(bug,), matrix={"test_a": ("a_bug",)})
    magics.progress_record.record(passed, {"test_answer.py": "x"})
    magics.matrix("15.3")
    assert said == ["Kill matrix. 1 test, 1 of 1 bug caught. a bug: caught by test_a."]


def test_without_a_pass_it_says_what_to_do(magics, said):
    magics.matrix("15.3")
    assert said[0].startswith("There is no matrix of exercise 15.3 yet: no bug was tried. Run its cells;")
