"""What a learner did is kept, counted once, shared between processes, and never in the way."""

import sqlite3
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from checker import progress
from checker.contract import Exercise
from checker.progress import Pass, Progress, Standing, digest
from checker.verdict import Verdict, Version

EXERCISE = Exercise("3.2", "03_x", "Isolate", ("test_answer.py",), ("first", "second"), {}, {})


def verdict(word="misses"):
    return Verdict("3.2", "Isolate", "tests", word, "")


def record(kept, source, word="misses"):
    kept.record(verdict(word), {"test_answer.py": source})


def standing(kept):
    [found] = kept.summary([EXERCISE])
    return found


@pytest.fixture
def kept(tmp_path):
    return Progress(tmp_path, keep=True)


def test_an_exercise_nobody_tried_is_untouched(kept):
    assert standing(kept) == Standing("3.2", "untouched")


def test_what_one_process_records_another_one_finds(kept, tmp_path):
    record(kept, "def test_a(): pass", "passed")
    kept.next_hint(EXERCISE)
    assert standing(Progress(tmp_path, keep=True)) == Standing("3.2", "passed", attempts=1, hints=1)


def test_an_answer_that_says_the_same_is_one_attempt(kept):
    record(kept, "x = 1")
    record(kept, "x  =  1  # now with a comment\n\n")
    assert standing(kept).attempts == 1


def test_a_different_layout_of_text_that_is_not_python_is_one_attempt():
    assert digest({"command.txt": "pytest  -k a\n"}) == digest({"command.txt": "pytest -k a"})
    assert digest({"command.txt": "pytest -k b"}) != digest({"command.txt": "pytest -k a"})


def test_an_answer_that_does_not_parse_is_an_attempt(kept):
    record(kept, "def (", "invalid")
    record(kept, "def ((", "invalid")
    assert standing(kept).attempts == 2


@pytest.mark.parametrize("word", ["empty", "grader_error"])
def test_nothing_tried_is_no_attempt(kept, word):
    record(kept, "", word)
    assert standing(kept) == Standing("3.2", "untouched")


def test_an_exercise_once_passed_stays_done(kept):
    record(kept, "x = 1", "passed")
    record(kept, "x = 2", "misses")
    assert standing(kept).state == "passed"


def test_the_same_answer_keeps_its_last_verdict(kept):
    record(kept, "x = 1", "misses")
    record(kept, "x = 1", "passed")
    assert standing(kept) == Standing("3.2", "passed", attempts=1)


def test_hints_come_one_a_call_and_the_last_one_repeats(kept):
    assert [kept.next_hint(EXERCISE) for _ in range(3)] == [
        (1, "first", 1),
        (2, "second", 0),
        (2, "second", 0),
    ]


def test_the_solution_opens_after_three_different_attempts(kept):
    opened = []
    for source in ("x = 1", "x = 1", "x = 2", "x = 3"):
        record(kept, source)
        opened.append(kept.may_open_solution("3.2"))
    assert opened == [False, False, False, True]


def test_the_solution_opens_after_a_pass(kept):
    record(kept, "x = 1", "passed")
    assert kept.may_open_solution("3.2")
    assert not kept.may_open_solution("3.1")


def test_giving_up_opens_the_solution_and_is_recorded(kept):
    kept.give_up("3.2")
    assert kept.may_open_solution("3.2")
    assert standing(kept) == Standing("3.2", "untouched", gave_up=True)


def test_git_sees_nothing_of_the_record(kept):
    kept.give_up("3.2")
    assert (kept.path.parent / ".gitignore").read_text() == "*\n"


def test_no_answer_is_stored(kept):
    record(kept, "secret_name = 1")
    assert b"secret_name" not in kept.path.read_bytes()


def test_a_damaged_record_is_set_aside_with_a_sentence(kept, tmp_path):
    kept.give_up("3.2")
    kept.path.write_bytes(b"not a database" * 400)
    later = Progress(tmp_path, keep=True)
    record(later, "x = 1")
    aside = kept.path.with_name("progress.damaged-1.sqlite3")
    assert aside.read_bytes().startswith(b"not a database")
    assert (
        later.note == f"The record of your progress was damaged. It is kept as {aside}; a new one was begun."
    )
    assert standing(Progress(tmp_path, keep=True)).attempts == 1


def test_a_folder_that_cannot_be_written_is_no_obstacle(tmp_path):
    (tmp_path / ".assert_await").write_text("in the way")
    kept = Progress(tmp_path, keep=True)
    record(kept, "x = 1")
    assert standing(kept).attempts == 1
    assert kept.note.startswith(f"Progress is not recorded: {kept.path} cannot be written (File exists).")
    assert (tmp_path / ".assert_await").read_text() == "in the way"


def test_what_was_recorded_counts_while_nothing_can_be_written(kept, tmp_path, monkeypatch):
    monkeypatch.setattr(progress, "_BUSY_SECONDS", 0.05)
    record(kept, "x = 1", "passed")
    other = sqlite3.connect(kept.path)
    other.execute("BEGIN EXCLUSIVE")
    stuck = Progress(tmp_path, keep=True)
    assert stuck.may_open_solution("3.2")
    assert "database is locked" in stuck.note
    other.close()


def test_a_record_of_a_newer_checker_is_left_alone(kept, tmp_path):
    kept.give_up("3.2")
    other = sqlite3.connect(kept.path)
    other.execute("PRAGMA user_version = 99")
    other.close()
    before = kept.path.read_bytes()
    later = Progress(tmp_path, keep=True)
    record(later, "x = 1")
    assert "layout 99, from a newer version" in later.note
    assert kept.path.read_bytes() == before


def test_under_pytest_nothing_is_kept(tmp_path):
    kept = Progress(tmp_path)
    kept.give_up("3.2")
    assert kept.may_open_solution("3.2")
    assert not Progress(tmp_path).may_open_solution("3.2")
    assert list(tmp_path.iterdir()) == []


def test_processes_that_record_at_the_same_time_lose_nothing(tmp_path):
    write = """if True:
        import sys
        from pathlib import Path
        from checker.progress import Progress
        from checker.verdict import Verdict

        kept = Progress(Path(sys.argv[1]), keep=True)
        for number in range(20):
            kept.record(Verdict("3.2", "", "tests", "misses", ""), {"a.txt": f"{sys.argv[2]} {number}"})
        sys.exit(kept.note or 0)
    """
    running = [subprocess.Popen([sys.executable, "-c", write, tmp_path, name]) for name in "abc"]
    assert [process.wait(30) for process in running] == [0, 0, 0]
    assert standing(Progress(tmp_path, keep=True)).attempts == 60


def passing(**how):
    versions = (Version("subject", "as it is", "accepted"), Version("mutant", "a_bug", "caught", ("test_a",)))
    return Verdict(
        "3.2", "Isolate", "tests", "passed", "", versions,
        matrix={"test_a": ("a_bug",)}, libraries={"pytest": "9.2.0"}, **how,
    )  # fmt: skip


def test_of_a_pass_its_moment_its_versions_and_its_matrix_are_kept(kept, tmp_path):
    before = datetime.now(UTC).replace(microsecond=0)
    kept.record(passing(), {"test_answer.py": "x"})
    record(kept, "y", "misses")
    found = Progress(tmp_path, keep=True).passes()["3.2"]
    assert before <= found.at <= datetime.now(UTC)
    assert replace(found, at=before) == Pass(
        "3.2", before, 1, ("a_bug",), {"test_a": ("a_bug",)}, {"pytest": "9.2.0"}
    )


def test_no_pass_is_kept_of_what_did_not_pass(kept):
    record(kept, "x", "misses")
    assert kept.passes() == {}


def test_a_record_of_the_first_layout_is_taken_over(kept, tmp_path):
    record(kept, "x", "passed")
    with sqlite3.connect(kept.path) as old:
        old.execute("DROP TABLE pass")
        old.execute("PRAGMA user_version = 1")
    old.close()
    later = Progress(tmp_path, keep=True)
    assert standing(later).state == "passed" and later.passes() == {}
    later.record(passing(), {"test_answer.py": "z"})
    assert set(later.passes()) == {"3.2"} and later.note == ""
