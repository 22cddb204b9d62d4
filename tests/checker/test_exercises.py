"""The answer to an exercise in a notebook: found, or why it cannot be graded."""

import pytest

from checker import contract
from checker.exercises import answer_to, judge
from tests.checker.notebooks import code, notebook


def exercise(*answers):
    return contract.Exercise("3.1", "03_x", "Tickets", answers or ("test_answer.py",), ("hint",), {}, {})


@pytest.mark.parametrize("magic", ["%%exercise 3.1", "%%exercise 3.1 test_answer.py"])
def test_the_only_file_may_be_named_or_not(magic):
    found = answer_to(exercise(), notebook(code("x = 1"), code(f"{magic}\ndef test_a(): ...")))
    assert (found.sources, found.first_lines) == (
        {"test_answer.py": "def test_a(): ..."},
        {"test_answer.py": 2},
    )
    assert (found.cell, found.problem) == (2, "")


def test_an_answer_of_two_files_is_collected_from_its_cells():
    cells = code("%%exercise 3.1 conftest.py\nA"), code("%%exercise 3.1 test_answer.py\nB")
    found = answer_to(exercise("test_answer.py", "conftest.py"), notebook(*cells))
    assert found.sources == {"test_answer.py": "B", "conftest.py": "A"}


def test_a_missing_cell_is_empty_and_says_how_to_get_it_back():
    found = answer_to(exercise(), notebook(code("x = 1")))
    assert (
        found.problem
        == "No cell begins with `%%exercise 3.1`. To get the cell back: python3 -m checker reset 3.1"
    )
    verdict = judge(exercise(), found, engine=None)
    assert (verdict.verdict, verdict.headline) == ("empty", found.problem)


def test_a_near_miss_is_named_in_place_of_that():
    found = answer_to(exercise(), notebook(code("%exercise 3.1\ndef test_a(): ...")))
    assert found.problem == (
        "No cell begins with `%%exercise 3.1`. cell 1, line 1: `%exercise 3.1` is not understood. "
        "The first line of the cell must be `%%exercise 3.1`."
    )


def test_two_different_answers_are_a_question_that_names_the_cells():
    cells = notebook(code("%%exercise 3.1\ndef test_a(): ..."), code("%%exercise 3.1\ndef test_b(): ..."))
    found = answer_to(exercise(), cells)
    verdict = judge(exercise(), found, engine=None)
    assert verdict.verdict == "invalid"
    assert "cells 1 and 2 answer exercise 3.1 differently" in verdict.headline
