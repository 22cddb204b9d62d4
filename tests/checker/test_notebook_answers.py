"""Answers are found by their first line alone; what is nearly an answer is named with its remedy."""

import pytest

from checker.notebook.answers import AmbiguousAnswer, Answer, answer_of, find_answers, stored_starters
from checker.notebook.reader import NotebookError, read
from tests.checker.notebooks import code, markdown, notebook, save

TEST = "async def test_a():\n    assert await f() == 1\n"


def found(*cells, starters=None):
    return find_answers(notebook(*cells), starters)


def near_misses(*cells):
    return [str(problem) for problem in found(*cells).near_misses]


def test_an_answer_is_the_cell_below_its_magic_line():
    answers = found(markdown("# Prompt"), code("%%exercise 3.2\n" + TEST))
    assert dict(answers.found) == {("3.2", None): Answer("3.2", None, TEST, cell_number=2, first_line=2)}
    assert (answers.ambiguous, answers.near_misses) == ({}, ())


def test_an_answer_may_name_its_file():
    answers = found(code("%%exercise 15.1 conftest.py\na = 1"), code("%%exercise 15.1 pytest.toml\n[pytest]"))
    assert set(answers.found) == {("15.1", "conftest.py"), ("15.1", "pytest.toml")}
    assert answers.get("15.1", "conftest.py").source == "a = 1"
    assert answers.get("15.1") is None


@pytest.mark.parametrize(
    "source, first_line",
    [
        ("%%exercise 3.2\nx = 1", 2),
        ("\n \n%%exercise 3.2\nx = 1", 4),
        ("%%exercise 3.2   \nx = 1", 2),
        ("%%exercise\t3.2\t\nx = 1", 2),
        ("%%exercise\u00a03.2\nx = 1", 2),
        ("  %%exercise 3.2\n  x = 1", 2),
        ("\t%%exercise 3.2\n\tx = 1", 2),
        ("\ufeff%%exercise 3.2\nx = 1", 2),
    ],
)
def test_blanks_around_the_magic_line_do_not_matter(source, first_line):
    assert found(code(source)).get("3.2") == Answer("3.2", None, "x = 1", 1, first_line)


def test_an_answer_survives_crlf_and_lost_metadata(tmp_path):
    path = save(tmp_path, code("%%exercise 3.2\r\nx = 1\r\ny = 2"))
    assert find_answers(read(path)).get("3.2").source == "x = 1\ny = 2"


def test_order_of_cells_does_not_matter():
    cells = code("%%exercise 3.2\nx = 2"), code("%%exercise 3.1\nx = 1")
    assert found(*cells).found.keys() == found(*reversed(cells)).found.keys()


def test_a_magic_line_without_a_body_is_an_empty_answer():
    assert found(code("%%exercise 3.2")).get("3.2").source == ""


def test_identical_copies_are_one_answer():
    answers = found(code("%%exercise 3.2\n" + TEST), code("\n%%exercise 3.2 \n" + TEST + "\n\n"))
    assert answers.get("3.2").cell_number == 1
    assert not answers.ambiguous


def test_two_different_answers_are_a_question_that_names_the_cells():
    answers = found(
        code("%%exercise 3.2\nx = 1"),
        code("%%exercise 3.1\nx = 0"),
        code("%%exercise 3.2\nx = 2"),
        code("%%exercise 3.2\nx = 3"),
    )
    with pytest.raises(AmbiguousAnswer) as caught:
        answers.get("3.2")
    assert str(caught.value) == (
        "03_isolate_the_database.ipynb: cells 1, 3 and 4 answer exercise 3.2 differently. "
        "Keep one: delete the line `%%exercise 3.2` in the others."
    )
    assert caught.value.cell_numbers == (1, 3, 4)
    assert isinstance(caught.value, NotebookError)
    assert answers.get("3.1").source == "x = 0"


def test_the_changed_copy_wins_over_the_starter():
    cells = code("%%exercise 3.2\n# Your code here."), code("%%exercise 3.2\nx = 2")
    assert found(*cells, starters={("3.2", None): "# Your code here.\n"}).get("3.2").cell_number == 2
    assert ("3.2", None) in found(*cells).ambiguous


def test_an_empty_copy_loses():
    assert found(code("%%exercise 3.2\n\n"), code("%%exercise 3.2\nx = 2")).get("3.2").cell_number == 2


def test_a_starter_and_an_empty_copy_are_the_starter():
    starters = {("3.2", None): "# Your code here."}
    cells = code("%%exercise 3.2"), code("%%exercise 3.2\n# Your code here.")
    assert found(*cells, starters=starters).get("3.2").cell_number == 2


def test_a_starter_in_the_metadata_of_a_cell_is_known():
    stored = {"assert_await": {"starter": "%%exercise 3.2\npass"}}
    cells = code("%%exercise 3.2\npass"), code("%%exercise 3.2\nx = 2")
    with_metadata = [type(cell)(**(vars(cell) | {"metadata": stored})) for cell in cells]
    assert found(*with_metadata).get("3.2").cell_number == 2


@pytest.mark.parametrize("own", [None, [], "x", {"starter": 1}, {"starter": "no magic"}, {}])
def test_metadata_of_a_wrong_shape_is_no_starter(own):
    cell = code("%%exercise 3.2\nx = 2")
    cell.metadata["assert_await"] = own
    assert stored_starters(notebook(cell)) == {}


@pytest.mark.parametrize(
    "line, fix",
    [
        ("%exercise 3.2", "is not understood. The first line of the cell must be `%%exercise 3.2`."),
        ("# %%exercise 3.2", "is not understood. The first line of the cell must be `%%exercise 3.2`."),
        ("%% exercise 3.2", "is not understood. The first line of the cell must be `%%exercise 3.2`."),
        ("%%Exercise 3.2", "is not understood. The first line of the cell must be `%%exercise 3.2`."),
        ("%%exercise3.2", "is not understood. The first line of the cell must be `%%exercise 3.2`."),
        ("%%exercises 3.2", "is not understood. The first line of the cell must be `%%exercise 3.2`."),
        ("%%exercise 3.2 ../x.py", "is not understood. The first line of the cell must be `%%exercise 3.2`."),
        (
            "%%exercise 3.2 a.py b.py",
            "is not understood. The first line of the cell must be `%%exercise 3.2`.",
        ),
        ("%%exercise", "names no exercise. Write its id, as in `%%exercise 3.2`."),
        ("%%exercise 3", "names no exercise. Write its id, as in `%%exercise 3.2`."),
        ("%%exercise three", "names no exercise. Write its id, as in `%%exercise 3.2`."),
    ],
)
def test_a_near_miss_is_named_with_its_fix(line, fix):
    assert answer_of(code(line + "\n" + TEST)) is None
    assert near_misses(markdown("Prompt"), code(line + "\n" + TEST)) == [f"cell 2, line 1: `{line}` {fix}"]


def test_a_magic_below_the_first_line_is_named():
    assert near_misses(code("import pytest\n\n%%exercise 3.2\n" + TEST)) == [
        "cell 1, line 3: `%%exercise 3.2` is not on the first line of its cell. Move it to the top."
    ]


def test_two_exercises_merged_into_one_cell_are_named():
    assert near_misses(code("%%exercise 3.1\nx = 1\n%%exercise 3.2\nx = 2")) == [
        "cell 1, line 3: `%%exercise 3.2` is a second exercise in this cell. Split the cell above this line."
    ]


def test_an_exercise_in_a_markdown_cell_is_named():
    assert near_misses(markdown("%%exercise 3.2\n" + TEST)) == [
        "cell 1, line 1: `%%exercise 3.2` stands in a markdown cell. "
        "Make it a code cell: select it and press Escape, then Y."
    ]


def test_prose_may_speak_of_the_magic():
    assert (
        near_misses(markdown("Keep its first line:\n\n%%exercise 3.2"), markdown("%%exercise is a magic"))
        == []
    )


def test_a_commented_copy_beside_an_answer_is_left_in_peace():
    assert near_misses(code("# %%exercise 3.2\nold = 1"), code("%%exercise 3.2\n" + TEST)) == []


def test_the_second_half_of_a_split_answer_is_named():
    assert near_misses(code("%%exercise 3.2\nimport pytest"), code(" \n"), code(TEST)) == [
        "cell 3: has tests but no `%%exercise` line, so it is not graded. "
        "If they belong to exercise 3.2, merge the cell into cell 1."
    ]


def test_cells_of_other_magics_are_no_halves_of_an_answer():
    assert near_misses(code("%%exercise 3.2\n" + TEST), code("%%ipytest\n" + TEST)) == []


def test_hundreds_of_thousands_of_blank_lines_cost_little():
    source = "%%exercise 3.2\n" + "\n" * 300_000 + " " * 300_000 + "%%exercise"
    assert len(found(code(source), code("\n" * 300_000 + " " * 90_000)).near_misses) == 1
