"""Flags are for a person: they name what an honest answer has no need of, and no stored right answer has one."""

import pytest

from checker.bootstrap import ROOT
from checker.contract import load_all
from checker.exercises import reference_sources
from checker.grade.flags import flags
from checker.stored import load_answers
from checker.verdict import Verdict

EXERCISES = load_all(ROOT)
PASSED = Verdict("0.1", "t", "tests", "passed", "Done.")


def stored():
    """Every answer that is stored and may be right, ours too: (name, exercise, texts by file)."""
    for exercise in EXERCISES.values():
        yield f"{exercise.id} reference", exercise, reference_sources(exercise, ROOT)
        for answer in load_answers(ROOT, exercise):
            if answer.verdict in ("passed", "misses"):
                yield f"{exercise.id} {answer.name}", exercise, answer.files


def test_no_stored_answer_is_flagged():
    listed = list(stored())
    assert listed
    assert {
        name: found for name, exercise, texts in listed if (found := flags(exercise, texts, PASSED))
    } == {}


@pytest.mark.parametrize(
    ("answer", "flag"),
    [
        ("from os import _exit as bye\nbye(0)", "line 2: ends Python at once (`os._exit`)"),
        ("import os as o\n\no._exit(0)", "line 3: ends Python at once (`os._exit`)"),
        ("import _pytest.runner", "line 1: reaches into pytest (`_pytest.runner`)"),
        (
            "import gc\ngc.get_objects()",
            "line 2: looks through the objects of the process (`gc.get_objects`)",
        ),
        ("import shop\nopen(shop.__file__)", "line 2: reads the program's source (`open(…)`)"),
        ("x = '/proc/self/maps'", "line 1: names a place outside its folder (`/proc/self/maps`)"),
        ("def pytest_runtest_call(): pass", "line 1: defines a hook of pytest (`pytest_runtest_call`)"),
    ],
)
def test_a_flag_names_the_line_and_what_is_done(answer, flag):
    exercise = next(iter(EXERCISES.values()))
    assert flag in flags(exercise, {"test_answer.py": answer}, PASSED)


def test_there_are_never_too_many_flags():
    exercise = next(iter(EXERCISES.values()))
    found = flags(exercise, {"test_answer.py": "import os\n" + "os._exit(0)\n" * 100}, PASSED)
    assert (len(found), found[-1]) == (21, "and 80 more")


def test_an_answer_that_cannot_be_read_has_no_flags():
    exercise = next(iter(EXERCISES.values()))
    assert flags(exercise, {"test_answer.py": "def ("}, PASSED) == ()
