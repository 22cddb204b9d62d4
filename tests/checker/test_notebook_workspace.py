"""Building and resetting never lose a line that somebody wrote, and never leave half a file."""

import os
from pathlib import Path

import pytest

from checker.notebook import writer
from checker.notebook.answers import find_answers
from checker.notebook.build import build
from checker.notebook.markers import BuildError
from checker.notebook.reader import NotebookError, read
from checker.notebook.workspace import build_all, reset
from tests.checker.notebooks import code, markdown, save

NAME = "03_isolate_the_database.ipynb"
FIRST = "%%exercise 3.1\n### BEGIN SOLUTION\nx = 1\n### END SOLUTION"
SECOND = "%%exercise 3.2\ndef test_a():\n    ### BEGIN SOLUTION\n    assert x\n    ### END SOLUTION"


@pytest.fixture
def root(tmp_path):
    save(
        tmp_path / "solutions", markdown("# Prompt"), code(FIRST), markdown("Then:"), code(SECOND), name=NAME
    )
    build_all(tmp_path, check=False)
    return tmp_path


def exercise(root):
    return root / "exercises" / NAME


def files(root):
    return sorted(path.name for path in (root / "exercises").iterdir())


def write_in(root, old, new):
    path = exercise(root)
    text = path.read_text()
    # The metadata holds the starter too; only the source is a list of lines.
    assert text.count(f'    "{old}"') == 1
    path.write_text(text.replace(f'    "{old}"', f'    "{new}"'))
    return path.read_bytes()


def answered(root):
    return write_in(root, "# Your code here.", "x = 2")


def change_source(root):
    path = root / "solutions" / NAME
    path.write_text(path.read_text().replace("Then:", "And then:"))


def actions(changes):
    return [(change.path.name, change.action) for change in changes]


def answers(root):
    return {key[0]: answer.source for key, answer in find_answers(read(exercise(root))).found.items()}


STARTERS = {"3.1": "# Your code here.", "3.2": "def test_a():\n    # Your code here.\n    ..."}


def test_every_solution_gets_its_exercise(root):
    assert exercise(root).read_text() == build(read(root / "solutions" / NAME))
    assert files(root) == [NAME]
    assert answers(root) == STARTERS


def test_what_is_current_is_not_touched(root):
    before = exercise(root).stat()
    assert actions(build_all(root, check=False)) == [(NAME, "current")]
    assert exercise(root).stat().st_mtime_ns == before.st_mtime_ns
    assert exercise(root).stat().st_ino == before.st_ino


def test_a_checkout_with_crlf_is_current(root):
    exercise(root).write_bytes(exercise(root).read_bytes().replace(b"\n", b"\r\n"))
    assert actions(build_all(root, check=True)) == [(NAME, "current")]


def test_check_names_what_is_missing_and_writes_nothing(root):
    exercise(root).unlink()
    (change,) = build_all(root, check=True)
    assert (change.action, change.detail) == (
        "missing",
        f"{exercise(root)}: is missing. Run `python3 -m checker build`.",
    )
    assert files(root) == []


def test_check_names_the_first_cell_that_differs(root):
    change_source(root)
    before = exercise(root).read_bytes()
    (change,) = build_all(root, check=True)
    assert (change.action, change.detail) == (
        "differs",
        f"{exercise(root)}: cell 3 differs in its source. Run `python3 -m checker build`.",
    )
    assert exercise(root).read_bytes() == before


@pytest.mark.parametrize(
    "old, new, detail",
    [
        ('"Then:"', '"Now:"', "cell 3 differs in its source"),
        ('"id": "cell-3"', '"id": "cell-9"', "cell 3 differs in its id"),
        ('"execution_count": null', '"execution_count": 1', "cell 2 differs in its execution_count"),
        ("Python 3 (ipykernel)", "venv", "its metadata or its layout differs"),
    ],
)
def test_check_says_what_differs(root, old, new, detail):
    exercise(root).write_text(exercise(root).read_text().replace(old, new, 1))
    (change,) = build_all(root, check=True)
    assert (change.action, change.detail) == (
        "answered",
        f"{exercise(root)}: {detail}. It holds somebody's work.",
    )


def test_check_names_an_unreadable_exercise(root):
    exercise(root).write_text("{")
    (change,) = build_all(root, check=True)
    assert change.action == "differs"
    assert "breaks off in line 1" in change.detail


def test_stale_exercises_are_named_and_left(root):
    save(root / "exercises", code("x"), name="09_gone.ipynb")
    save(root / "exercises", code("x"), name="09_gone.kept-1.ipynb")
    save(root / "exercises", code("x"), name=".hidden.ipynb")
    for check in (True, False):
        _, stale = build_all(root, check=check)
        assert (stale.action, stale.detail) == (
            "stale",
            f"{root / 'exercises' / '09_gone.ipynb'}: has no source. "
            "Delete it, or add solutions/09_gone.ipynb.",
        )
    assert len(files(root)) == 4


def test_answers_to_the_current_exercise_are_left_alone(root):
    work = answered(root)
    (change,) = build_all(root, check=False)
    assert (change.action, change.kept) == ("answered", None)
    assert change.detail.endswith(
        "Left as it is; `python3 -m checker reset 03_isolate_the_database` puts the starters back."
    )
    assert exercise(root).read_bytes() == work


def test_outputs_alone_are_nobodys_work(root):
    exercise(root).write_text(
        exercise(root).read_text().replace('"execution_count": null', '"execution_count": 1')
    )
    assert actions(build_all(root, check=False)) == [(NAME, "written")]
    assert (files(root), actions(build_all(root, check=True))) == ([NAME], [(NAME, "current")])


def test_an_untouched_exercise_of_an_older_source_is_replaced(root):
    change_source(root)
    (change,) = build_all(root, check=False)
    assert (change.action, change.kept, files(root)) == ("written", None, [NAME])


def test_answers_to_an_older_exercise_are_kept_beside_the_new_one(root):
    work = answered(root)
    change_source(root)
    (change,) = build_all(root, check=False)
    assert (change.action, change.kept.name) == ("written", "03_isolate_the_database.kept-1.ipynb")
    assert change.detail == f"{exercise(root)}: what was there is kept as {change.kept.name}."
    assert change.kept.read_bytes() == work
    assert answers(root) == STARTERS


def test_a_second_copy_does_not_replace_the_first(root):
    works = []
    for word in ("And then:", "At last:"):
        works.append(answered(root))
        path = root / "solutions" / NAME
        path.write_text(path.read_text().replace("Then:", word).replace("And then:", word))
        build_all(root, check=False)
    assert [(root / "exercises" / f"{NAME[:-6]}.kept-{n}.ipynb").read_bytes() for n in (1, 2)] == works


def test_a_notebook_of_another_origin_and_a_broken_one_are_kept(root):
    for content in (b"{ broken", b'{"nbformat": 4, "cells": [{"cell_type": "code", "source": "mine"}]}'):
        exercise(root).write_bytes(content)
        (change,) = build_all(root, check=False)
        assert change.kept.read_bytes() == content
        assert answers(root) == STARTERS


def test_one_bad_source_stops_the_build_before_anything_is_written(root):
    before = exercise(root).read_bytes()
    change_source(root)
    save(root / "solutions", code("### BEGIN SOLUTION"), name="04_a.ipynb")
    (root / "solutions" / "05_b.ipynb").write_text("")
    with pytest.raises(BuildError) as caught:
        build_all(root, check=False)
    first, second = str(caught.value).splitlines()
    assert first.startswith(
        f"{root / 'solutions' / '04_a.ipynb'}: cell 1, line 1: `### BEGIN SOLUTION` is never"
    )
    assert second.startswith(f"{root / 'solutions' / '05_b.ipynb'}: the file is empty.")
    assert exercise(root).read_bytes() == before


def test_without_solutions_there_is_nothing_to_build(tmp_path):
    with pytest.raises(
        BuildError, match="holds no notebook, so there is nothing to build from. A handout has"
    ):
        build_all(tmp_path, check=False)


def test_a_write_that_fails_leaves_the_old_file_and_no_other(root, monkeypatch):
    before = exercise(root).read_bytes()
    change_source(root)

    def full(source, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(writer.os, "replace", full)
    with pytest.raises(NotebookError) as caught:
        build_all(root, check=False)
    assert str(caught.value) == (
        f"{exercise(root)}: cannot be written: No space left on device. "
        "Nothing was changed. Check the folder."
    )
    assert (files(root), exercise(root).read_bytes()) == ([NAME], before)


def test_a_copy_that_fails_stops_before_the_notebook_is_touched(root, monkeypatch):
    work = answered(root)
    change_source(root)
    real = Path.read_bytes

    def full(path):
        # The copy is open by now; the check before it has read the notebook already.
        if any(path.parent.glob("*.kept-*")):
            raise OSError(28, "No space left on device")
        return real(path)

    monkeypatch.setattr(Path, "read_bytes", full)
    with pytest.raises(NotebookError, match="kept-1.ipynb: cannot be written: No space left on device"):
        build_all(root, check=False)
    monkeypatch.undo()
    assert (files(root), exercise(root).read_bytes()) == ([NAME], work)


def withhold(root):
    os.rename(root / "solutions", root / "withheld")


@pytest.mark.parametrize("with_solutions", [True, False])
def test_an_exercise_is_reset_alone_and_the_work_is_kept(root, with_solutions):
    write_in(root, "def test_a():\\n", "def test_mine():\\n")
    work = answered(root)
    if not with_solutions:
        withhold(root)
    kept = reset(root, "3.1")
    assert kept == root / "exercises" / "03_isolate_the_database.kept-1.ipynb"
    assert kept.read_bytes() == work
    assert answers(root) == STARTERS | {"3.2": STARTERS["3.2"].replace("test_a", "test_mine")}


@pytest.mark.parametrize("with_solutions", [True, False])
@pytest.mark.parametrize("target", ["03_isolate_the_database", "3", "03"])
def test_a_lesson_is_reset(root, with_solutions, target):
    work = answered(root)
    if not with_solutions:
        withhold(root)
    assert reset(root, target).read_bytes() == work
    assert answers(root) == STARTERS
    if with_solutions:
        assert actions(build_all(root, check=True)) == [(NAME, "current")]


@pytest.mark.parametrize("target", ["3.1", "3"])
@pytest.mark.parametrize("with_solutions", [True, False])
def test_an_untouched_exercise_needs_no_copy(root, target, with_solutions):
    if not with_solutions:
        withhold(root)
    assert reset(root, target) is None
    assert files(root) == [NAME]


@pytest.mark.parametrize("old, new", [("%%exercise 3.1\\n", "%exercise 3.1\\n"), ("%%exercise 3.1\\n", "")])
def test_a_cell_whose_magic_line_is_gone_is_reset_by_its_metadata(root, old, new):
    write_in(root, old, new)
    withhold(root)
    assert reset(root, "3.1")
    assert answers(root) == STARTERS


def test_a_cell_that_became_markdown_is_code_again(root):
    notebook = read(exercise(root))
    cells = [markdown(cell.source) if "3.1" in cell.source else cell for cell in notebook.cells]
    save(root / "exercises", *cells, name=NAME)
    assert reset(root, "3.1")
    assert answers(root) == STARTERS


def delete_first(root):
    cells = [cell for cell in read(exercise(root)).cells if "3.1" not in cell.source]
    save(root / "exercises", *cells, name=NAME)


def test_a_deleted_cell_comes_back_where_it_stood(root):
    delete_first(root)
    assert reset(root, "3.1")
    assert [cell.source.split("\n")[0] for cell in read(exercise(root)).cells] == [
        "# Prompt",
        "%%exercise 3.1",
        "Then:",
        "%%exercise 3.2",
    ]


def test_a_deleted_cell_without_solutions_is_a_sentence_that_says_what_to_do(root):
    delete_first(root)
    withhold(root)
    with pytest.raises(NotebookError) as caught:
        reset(root, "3.1")
    assert str(caught.value) == (
        f"{exercise(root)}: the starter of 3.1 is not stored in it any more. Get the notebook again "
        f"(git checkout -- exercises/{NAME}), after you have copied what you want to keep."
    )
    assert files(root) == [NAME]


def test_lost_metadata_matters_only_without_solutions(root):
    cells = [code(cell.source) if cell.kind == "code" else cell for cell in read(exercise(root)).cells]
    save(root / "exercises", *cells, name=NAME)
    answered(root)
    os.rename(root / "solutions", root / "withheld")
    for target in ("3.1", "3"):
        with pytest.raises(NotebookError, match="the starter of 3.1 is not stored in it any more"):
            reset(root, target)
    os.rename(root / "withheld", root / "solutions")
    assert reset(root, "3.1")
    assert answers(root) == STARTERS


def test_a_broken_notebook_is_reset_as_a_lesson(root):
    exercise(root).write_text("{ broken")
    assert reset(root, "3").read_text() == "{ broken"
    assert answers(root) == STARTERS


def test_a_deleted_notebook_is_reset_as_a_lesson(root):
    exercise(root).unlink()
    assert reset(root, "3") is None
    assert answers(root) == STARTERS


@pytest.mark.parametrize(
    "target, reason",
    [
        ("4.1", "has no lesson 4. It has: 03_isolate_the_database."),
        ("04_gone", "has no lesson 04_gone. It has: 03_isolate_the_database."),
        ("../../etc", "has no lesson ../../etc. It has: 03_isolate_the_database."),
    ],
)
def test_an_unknown_lesson_is_named_with_those_there_are(root, target, reason):
    with pytest.raises(NotebookError) as caught:
        reset(root, target)
    assert str(caught.value) == f"{root / 'exercises'}: {reason}"


def test_an_unknown_exercise_is_named_with_those_there_are(root):
    with pytest.raises(NotebookError) as caught:
        reset(root, "3.9")
    assert str(caught.value) == f"{exercise(root)}: has no exercise 3.9. It has: 3.1, 3.2."
