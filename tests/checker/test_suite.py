"""The `test` command: how it runs its parts, and what it says of those that cannot run."""

import os
import sys

import pytest

from checker import parts, suite
from checker.parts import NotRun, Part, plan
from checker.suite import run_suite


@pytest.fixture
def run_parts(monkeypatch, tmp_path, capsys):
    """Runs the given Python programs as parts; returns the exit code and what was printed."""

    def run(programs, not_run=()):
        made = [Part(name, name, (sys.executable, "-c", code)) for name, code in programs.items()]
        monkeypatch.setattr(suite, "plan", lambda root, wanted: (made, list(not_run)))
        return run_suite(tmp_path), capsys.readouterr().out

    return run


@pytest.fixture
def full_copy(tmp_path):
    for folder in ("notebooks", "solutions", "exercises"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "00_start_here.ipynb").touch()
    (tmp_path / "tests/answers").mkdir(parents=True)
    (tmp_path / "tests/answers/00_start_here.toml").touch()
    return tmp_path


def test_all_parts_passing_is_0_and_shows_each_last_line(run_parts):
    code, said = run_parts({"tests": "print('3 passed in 0.1s')", "build": "print('current')"})
    assert code == 0
    assert "3 passed in 0.1s" in said
    assert "all 2 parts passed; 0 not run" in said


def test_failing_part_is_1_and_its_whole_output_is_shown(run_parts):
    code, said = run_parts({"tests": "print('why it failed'); print('1 failed'); raise SystemExit(1)"})
    assert code == 1
    assert "why it failed\n1 failed" in said
    assert "tests failed; 0 not run" in said


@pytest.mark.parametrize("end", ["raise SystemExit(3)", "import os; os.kill(os.getpid(), 9)"])
def test_part_that_breaks_is_3_even_beside_one_that_fails(run_parts, end):
    code, said = run_parts({"verify": end, "tests": "raise SystemExit(1)"})
    assert code == 3
    assert "verify broke, tests failed" in said


def test_what_is_not_run_is_told_with_its_command(run_parts):
    code, said = run_parts(
        {"tests": ""}, [NotRun("browsers", "there is no chromium", "apt install chromium")]
    )
    assert code == 0
    assert "Not run:\n  browsers: there is no chromium. To run it: apt install chromium\n" in said
    assert "all 1 parts passed; 1 not run" in said


def test_parts_cannot_read_the_terminal_and_set_nothing_up(run_parts):
    code = "import os, sys; assert not sys.stdin.read(); assert os.environ['CHECKER_SETUP'] == 'off'"
    assert run_parts({"tests": code})[0] == 0


@pytest.mark.skipif(not hasattr(os, "SCHED_BATCH"), reason="Linux alone has it")
def test_parts_interrupt_nobody(run_parts):
    code = "import os, time; time.sleep(0.3); raise SystemExit(os.sched_getscheduler(0) != os.SCHED_BATCH)"
    assert run_parts({"tests": code})[0] == 0


def test_only_what_wants_postgresql_gets_the_database_address(run_parts, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql+asyncpg://somewhere")
    has = "import os; raise SystemExit('DATABASE_URL' not in os.environ)"
    assert "tests failed; 0 not run" in run_parts({"tests": has, "postgresql": has, "verify": has})[1]


def test_unknown_part_is_a_usage_error_that_names_the_parts(tmp_path, capsys):
    assert run_suite(tmp_path, only=["test"]) == 2
    assert "there is no part 'test'. Parts: tests, verify, notebooks" in capsys.readouterr().out


def test_full_copy_runs_every_part(full_copy, monkeypatch):
    monkeypatch.setattr(parts, "_missing", dict)
    monkeypatch.setattr(parts, "absent", lambda **how: "")
    planned, not_run = plan(full_copy, tuple(parts.PARTS))
    assert [part.name for part in planned] == list(parts.PARTS)
    assert not_run == []


def test_copy_without_solutions_says_what_that_leaves_out(full_copy, monkeypatch):
    monkeypatch.setattr(parts, "_missing", dict)
    monkeypatch.setattr(parts, "absent", lambda **how: "")
    (full_copy / "solutions/00_start_here.ipynb").unlink()
    planned, not_run = plan(full_copy, tuple(parts.PARTS))
    assert [part.name for part in planned] == ["tests", "notebooks", "exercises", "postgresql"]
    assert [item.name for item in not_run] == ["verify", "notebooks of solutions/", "build --check"]


def test_browser_tests_are_deselected_and_told_where_chromium_is_missing(full_copy, monkeypatch):
    monkeypatch.setenv("PATH", str(full_copy))
    (full_copy / "tests/test_page.py").write_text("pytestmark = pytest.mark.browser\n")
    [tests], [left_out] = plan(full_copy, ("tests",))
    assert tests.command[-3:] == ("-m", "not browser", "tests")
    assert left_out == NotRun(
        "tests marked browser", "chromium is not installed", "sudo apt install chromium"
    )


def test_marker_that_no_test_carries_is_not_mentioned(full_copy, monkeypatch):
    monkeypatch.setenv("PATH", str(full_copy))
    [tests], not_run = plan(full_copy, ("tests",))
    assert "-m" not in tests.command[3:]
    assert not_run == []
