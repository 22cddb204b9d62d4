"""GitHub annotations: on the line of the answer, and nothing a learner writes begins another command."""

import json
from dataclasses import replace

from checker.report.annotations import lines
from tests.checker.submissions import DONE, INCOMPLETE, MISSED, UNREADABLE


def test_what_is_done_needs_no_annotation():
    assert list(lines([DONE])) == []


def test_an_annotation_points_at_the_line_of_the_answer(tmp_path):
    path = tmp_path / "a,b:c.ipynb"
    path.write_text(
        json.dumps({"cells": [{"source": ["%%exercise 3.1\n"]}, {"source": ["%%exercise 3.2\n"]}]}, indent=1)
    )
    wanted = path.read_text().split("\n").index('    "%%exercise 3.2\\n"') + 1
    [line] = lines([replace(DONE, source=str(path), verdicts=(MISSED,))])
    place = str(path).replace(",", "%2C").replace(":", "%3A")
    assert line == f"::error file={place},line={wanted}::Exercise 3.2, misses: 1 of 2 bugs caught."


def test_cells_that_fail_are_annotated_once():
    found = [line.rpartition("::")[2] for line in lines([INCOMPLETE])]
    assert found == [
        "Exercise 3.2, misses: 1 of 2 bugs caught.",
        "Cell 3: The cell prints something else than it should.",
        "Cell 5: The cell did not end in time.",
        "Cell 6: Not run: a cell never ended, or ended the kernel.",
    ]


def test_line_ends_and_percent_signs_are_escaped():
    [line] = lines([replace(UNREADABLE, source="x", problem="100%\r\n::set-output")])
    assert line == "::error file=x,line=1::100%25%0D%0A::set-output"


def test_a_terminal_that_shows_the_log_acts_on_nothing():
    [line] = lines([replace(UNREADABLE, source="\x1b[31mx", problem="\x1b[2J\u202e")])
    assert line == "::error file=\\x1b[31mx,line=1::\\x1b[2J\\u202e"
