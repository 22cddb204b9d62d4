"""The plain-text report."""

import re
from dataclasses import replace

import pytest

from checker.report.text import text
from checker.verdict import Finding, Verdict, Version

SUBJECT = Version("subject", "as it is", "accepted")
MISSED = Version("mutant", "counts_everybodys_answers", "missed", hint="Two learners answered.")
CAUGHT = Version("mutant", "rounds_down", "caught", ("test_rating",))
VERDICT = Verdict(
    "6.1",
    "A rating",
    "tests",
    "misses",
    "Accepts all 1 correct versions and catches 1 of 2 bugs.",
    (SUBJECT, CAUGHT, MISSED),
    (Finding("never_awaited", "`rate(…)` is never awaited.", "test_rating", 4),),
    {"test_rating": ("rounds_down",)},
    isolation="own machine",
)


def test_the_headline_stands_above_the_versions_and_says_first_what_works():
    lines = text(VERDICT).splitlines()
    assert lines[:2] == [
        "Exercise 6.1: A rating",
        "Not done yet. Accepts all 1 correct versions and catches 1 of 2 bugs.",
    ]


def test_correct_programs_come_before_bugs_and_each_has_one_line():
    report = text(VERDICT)
    assert report.index("PASS       the program as it is") < report.index(
        "CAUGHT     a program that rounds down"
    )
    assert (
        "MISSED     a program that counts everybodys answers\n             Hint: Two learners answered."
        in report
    )


def test_a_caught_bug_shows_the_test_and_no_hint():
    caught = replace(CAUGHT, hint="a hint")
    report = text(replace(VERDICT, versions=(SUBJECT, caught)))
    assert "a program that rounds down (caught by test_rating)" in report
    assert "a hint" not in report


def test_a_finding_names_line_and_test():
    assert "  - line 4, test_rating: `rate(…)` is never awaited." in text(VERDICT)


def test_isolation_is_the_last_line_and_versions_of_libraries_do_not_appear():
    report = text(replace(VERDICT, libraries={"python": "3.11.7"}, engine="warm"))
    assert report.splitlines()[-1] == "Checked: own machine."
    assert "3.11" not in report


def test_bugs_that_wait_share_one_line():
    waiting = tuple(Version("mutant", name, "not_tried") for name in ("a", "b"))
    rejected = replace(SUBJECT, result="rejected", tests=("test_x",), explanation="E  assert 1 == 2")
    report = text(replace(VERDICT, verdict="overstrict", versions=(rejected, *waiting), matrix={}))
    assert "Bugs\n  2 not tried until your answer accepts every correct program" in report
    assert "             | E  assert 1 == 2" in report


def test_the_same_explanation_is_given_once_where_the_program_itself_is_rejected():
    rejected = replace(SUBJECT, result="rejected", explanation="E  assert 1 == 2")
    variant = Version("variant", "flushes", "rejected", hint="Also right.", explanation="E  assert 1 == 3")
    report = text(replace(VERDICT, versions=(rejected, variant)))
    assert "assert 1 == 2" in report
    assert "assert 1 == 3" not in report and "Also right." not in report


def test_a_rejected_variant_is_explained_where_the_program_is_accepted():
    variant = Version("variant", "flushes", "rejected", ("test_x",), hint="Also right.", explanation="E  no")
    report = text(replace(VERDICT, versions=(SUBJECT, variant)))
    assert "FAIL       a correct program that flushes (rejected by test_x)" in report
    assert "Also right." in report and "| E  no" in report


def test_code_in_a_hint_stands_behind_a_bar():
    hint = "Begin with:\n\n```python\nasync def test_a():\n    ...\n```"
    report = text(replace(VERDICT, versions=(replace(MISSED, hint=hint),)))
    assert "Hint: Begin with:\n             | async def test_a():\n             |     ...\n" in report


def test_a_grader_error_says_that_it_is_not_the_learners_fault():
    report = text(
        Verdict("6.1", "A rating", "tests", "grader_error", "The grader failed.", explanation="OSError")
    )
    assert "The checker failed. The grader failed." in report
    assert "This is not your fault" in report and "  | OSError" in report


def test_terminal_escapes_control_and_bidi_characters_are_shown_not_obeyed():
    hostile = "a\x1b[31m\r\x07\u202eb\n::error::c"
    verdict = Verdict(
        hostile,
        hostile,
        "tests",
        "misses",
        hostile,
        (Version("mutant", hostile, "missed", (hostile,), hostile, hostile, hostile),),
        (Finding("x", hostile, hostile, 1),),
        {hostile: (hostile,)},
        hostile,
        (hostile,),
        hostile,
    )
    report = text(verdict)
    assert all(c.isprintable() or c == "\n" for c in report)
    assert not re.search(r"^\s*::", report, re.MULTILINE)


def test_a_build_command_in_a_name_is_broken():
    assert "##[" not in text(replace(VERDICT, headline="##[error]x"))


def test_a_long_explanation_keeps_both_ends():
    explanation = "\n".join(f"line {number}" for number in range(500))
    report = text(replace(VERDICT, explanation=explanation))
    assert "| line 0\n" in report and "| line 499\n" in report and "lines left out" in report
    assert len(report.splitlines()) < 100


def test_paths_of_the_installation_and_their_lines_are_cut():
    report = text(replace(VERDICT, explanation="/opt/x/lib/python3.13/unittest/mock.py:267: in wrapper"))
    assert "| unittest/mock.py: in wrapper" in report


@pytest.mark.parametrize(
    ("kind", "heading", "line"),
    [
        ("fixture", "Bugs", "PRESENT    a fixture that leaks rows (shown by test_a)"),
        ("config", "Unsound suites", "SILENT     a suite that leaks rows"),
        ("command", "What was asked", "NOT YET    leaks rows"),
        ("predict", "Beliefs", "UNTRUE     leaks rows (see test_a)"),
    ],
)
def test_each_kind_of_answer_has_words_of_its_own(kind, heading, line):
    missed = Version("mutant", "leaks_rows", "missed", ("test_a",))
    assert f"{heading}\n  {line}\n" in text(replace(VERDICT, kind=kind, versions=(missed,)))


def test_beliefs_that_a_learner_does_not_hold_are_named_only_when_all_is_right():
    held = Version("mutant", "commits_roll_back", "missed", ("test_a",))
    other = Version("mutant", "rows_stay", "caught", ("test_b",))
    wrong = replace(VERDICT, kind="predict", versions=(held, other), matrix={})
    assert "rows stay" not in text(wrong)
    assert "AVOIDED    rows stay" in text(replace(wrong, verdict="passed", versions=(other,)))


def test_what_differs_from_run_to_run_is_not_in_an_explanation():
    report = text(
        replace(VERDICT, explanation="3 passed in 0.37s <object at 0x7f00aa11bb22> /tmp/a/b/test_x.py")
    )
    assert "| 3 passed in …s <object> …/test_x.py" in report
