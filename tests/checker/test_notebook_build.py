"""The exercise notebook follows from the solution notebook, byte for byte."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from checker.notebook.answers import find_answers
from checker.notebook.build import BuildError, build, exercises, fingerprint, reference, starter
from checker.notebook.reader import read
from checker.notebook.writer import render
from tests.checker.notebooks import code, markdown, notebook

SOLVED = "%%exercise 3.1\nimport a\n### BEGIN SOLUTION\ndef test_a(): assert a.b() == 1\n### END SOLUTION"
GIVEN = code("%load_ext checker", outputs=({"output_type": "stream"},), execution_count=4)


def solution(*cells, **fields):
    return notebook(markdown("# Isolate"), GIVEN, *cells, **fields)


def built(*cells, **fields):
    return json.loads(build(solution(*cells, **fields)))


def test_the_exercise_has_the_starter_and_not_the_reference():
    text = build(
        solution(code(SOLVED), markdown("Because.", "solution"), code("### BEGIN SOLUTION", "solution"))
    )
    assert [("".join(cell["source"]), cell["id"]) for cell in json.loads(text)["cells"]] == [
        ("# Isolate", "cell-1"),
        ("%load_ext checker", "cell-2"),
        ("%%exercise 3.1\nimport a\n# Your code here.", "cell-3"),
    ]
    assert "a.b()" not in text


def test_outputs_and_counts_are_gone():
    given = built(code(SOLVED))["cells"][1]
    assert (given["outputs"], given["execution_count"]) == ([], None)


def test_metadata_is_what_jupyterlab_writes_itself():
    untidy = {
        "kernelspec": {"name": "venv-17"},
        "language_info": {"version": "3.11.7", "x": 1},
        "widgets": {},
    }
    metadata = built(code(SOLVED), metadata=untidy)["metadata"]
    assert metadata["kernelspec"] == {
        "display_name": "Python 3 (ipykernel)",
        "language": "python",
        "name": "python3",
    }
    assert metadata["language_info"] == {
        "codemirror_mode": {"name": "ipython", "version": 3},
        "file_extension": ".py",
        "mimetype": "text/x-python",
        "name": "python",
        "nbconvert_exporter": "python",
        "pygments_lexer": "ipython3",
        "version": "3.11.7",
    }
    assert set(metadata) == {"assert_await", "kernelspec", "language_info"}


def test_cells_keep_their_tags_and_lose_other_metadata():
    cell = code(SOLVED, "raises-exception")
    cell.metadata["execution"] = {"iopub.status.busy": "2026-01-01"}
    assert built(cell)["cells"][2]["metadata"] == {
        "assert_await": {"starter": "%%exercise 3.1\nimport a\n# Your code here."},
        "tags": ["raises-exception"],
    }


def test_the_text_has_the_bytes_that_jupyter_writes():
    # Imported here, since that takes a second.
    import nbformat

    text = build(solution(code(SOLVED), markdown("é ∀\n\u2028\n<b>")))
    parsed = nbformat.reads(text, as_version=4)
    nbformat.validate(parsed)
    assert nbformat.writes(parsed) + "\n" == text


def test_building_what_was_built_from_is_repeatable(tmp_path):
    text = build(solution(code(SOLVED)))
    path = tmp_path / "03_isolate_the_database.ipynb"
    path.write_text(text)
    again = read(path)
    assert render(again) == text
    assert build(solution(code(SOLVED))) == text
    assert again.metadata["assert_await"]["generated"] == fingerprint(again.cells)
    assert find_answers(again).get("3.1").source == "import a\n# Your code here."


def test_the_fingerprint_sees_sources_and_not_outputs():
    cells = solution(code(SOLVED)).cells
    without_outputs = tuple(replace(cell, outputs=(), metadata={}) for cell in cells)
    assert fingerprint(cells) == fingerprint(without_outputs)
    assert fingerprint(cells) != fingerprint(cells[:-1])
    assert fingerprint(cells) != fingerprint((*cells[:-1], replace(cells[-1], source="x")))
    assert fingerprint(cells) != fingerprint((*cells[:-1], replace(cells[-1], kind="raw")))


def test_starter_and_reference_are_answers():
    notebook = solution(code(SOLVED))
    assert exercises(notebook) == (("3.1", None),)
    assert starter(notebook, "3.1").source == "import a\n# Your code here."
    assert reference(notebook, "3.1").source == "import a\ndef test_a(): assert a.b() == 1"
    assert (reference(notebook, "3.1").cell_number, reference(notebook, "3.1").first_line) == (3, 2)


def test_a_tagged_cell_can_be_the_whole_reference():
    repair = code("%%exercise 3.1\nx = broken"), code("%%exercise 3.1\nx = repaired", "solution")
    for cells in (repair, repair[::-1]):
        assert starter(solution(*cells), "3.1").source == "x = broken"
        assert reference(solution(*cells), "3.1").source == "x = repaired"
        assert "repaired" not in build(solution(*cells))


def test_files_of_one_exercise_are_told_apart():
    notebook = solution(
        code("%%exercise 15.1 conftest.py\n### BEGIN SOLUTION\na\n### END SOLUTION"),
        code("%%exercise 15.1 pytest.toml\n### BEGIN SOLUTION\n[pytest]\n### END SOLUTION"),
        path="15_capstone.ipynb",
    )
    assert exercises(notebook) == (("15.1", "conftest.py"), ("15.1", "pytest.toml"))
    assert reference(notebook, "15.1", "pytest.toml").source == "[pytest]"
    with pytest.raises(
        BuildError, match=r"has no exercise 15.1. It has: 15.1 conftest.py, 15.1 pytest.toml."
    ):
        reference(notebook, "15.1")


FAULTS = [
    ([code("x\n### BEGIN SOLUTION")], "cell 3, line 2: `### BEGIN SOLUTION` is never closed."),
    ([markdown("### BEGIN SOLUTION")], "cell 3: a solution marker in a markdown cell hides nothing."),
    ([code("%%exercise 3.1\nx = 1")], "cell 3: exercise 3.1 has no solution."),
    ([code(SOLVED.replace("3.1", "4.1"))], "cell 3: exercise 4.1 is not of lesson 03."),
    ([code(SOLVED), code(SOLVED)], "cell 4: exercise 3.1 is already in cell 3."),
    ([code("%%exercise 3.1\nx", "solution")], "cell 3: solves exercise 3.1, but no cell without the tag"),
    ([code(SOLVED), code("%%exercise 3.1\nx", "solution")], "cell 3: exercise 3.1 has both markers and"),
    (
        [code("%%exercise 3.1\n@fixture\n### BEGIN SOLUTION\ndef f(): pass\n### END SOLUTION")],
        "cell 3: without its solution the cell is not valid Python.",
    ),
    (
        [code("### BEGIN SOLUTION\n%%exercise 3.1\nx\n### END SOLUTION"), code(SOLVED)],
        "cell 3, line 2: `%%exercise 3.1` is not on the first line of its cell. Move it to the top.",
    ),
    ([code("x", cell_id="é")], "cell 3: has no valid id."),
    ([code("x", cell_id="cell-1")], "cell 3: has the same id as cell 1."),
]


@pytest.mark.parametrize("cells, reason", FAULTS)
def test_a_fault_in_a_solution_names_file_cell_and_remedy(cells, reason):
    with pytest.raises(BuildError) as caught:
        build(solution(*cells, path="solutions/03_isolate_the_database.ipynb"))
    message = str(caught.value)
    assert message.startswith(f"solutions/03_isolate_the_database.ipynb: {reason}")
    assert message.endswith(".")


def test_a_notebook_that_is_no_lesson_is_refused():
    with pytest.raises(BuildError, match="Untitled.ipynb: is not named as a lesson is. Rename it, as in"):
        build(solution(code(SOLVED), path=Path("Untitled.ipynb")))


def test_a_notebook_of_solutions_alone_is_refused():
    with pytest.raises(BuildError, match="all its cells are tagged `solution`"):
        build(notebook(markdown("x", "solution")))
