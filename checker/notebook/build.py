"""Solution notebook to exercise notebook.

The solution notebook is the only source. A cell tagged ``solution`` is not in the exercise: where it answers
an exercise that another cell asks, it is the reference and the other cell the starter. Elsewhere the markers
of ``markers`` part one cell into both.
"""

from __future__ import annotations

import ast
import hashlib
import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from checker.notebook.answers import METADATA_KEY, Answer, Key, answer_of, body_of, find_answers, parse
from checker.notebook.markers import BuildError, has_marker, without_markers, without_solutions
from checker.notebook.reader import Cell, Notebook, shown
from checker.notebook.writer import render

SOLUTION_TAG = "solution"

# What JupyterLab writes itself: with anything else a notebook counts as changed as soon as it is open.
_KERNELSPEC = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
_LANGUAGE_INFO = {
    "codemirror_mode": {"name": "ipython", "version": 3},
    "file_extension": ".py",
    "mimetype": "text/x-python",
    "name": "python",
    "nbconvert_exporter": "python",
    "pygments_lexer": "ipython3",
}
_CELL_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_LESSON = re.compile(r"(?P<number>[0-9]{2})_[a-z0-9_]+")


@dataclass(frozen=True)
class _Exercise:
    """The cells of one exercise. ``solution`` is a cell of its own, None where markers part ``cell``."""

    cell: Cell
    solution: Cell | None


def build(solution: Notebook) -> str:
    """The text of the exercise notebook. Raises ``BuildError``."""
    return render(exercise_notebook(solution))


def exercise_notebook(solution: Notebook) -> Notebook:
    """The exercise notebook of ``solution``: no reference, no outputs, the same cell ids.

    Under the metadata key ``assert_await`` each exercise cell carries its starter, and the notebook a
    fingerprint of its cells. Raises ``BuildError``.
    """
    _require_ids(solution)
    exercises = _exercises(solution)
    kept = [cell for cell in solution.cells if SOLUTION_TAG not in cell.tags]
    cells = tuple(_exercise_cell(solution, number, cell) for number, cell in enumerate(kept, 1))
    if not cells:
        raise BuildError(
            f"{shown(solution.path)}: all its cells are tagged `{SOLUTION_TAG}`. Untag the prompts."
        )
    for key, exercise in exercises.items():
        _require_starter_differs(solution, key, exercise)
    metadata = {
        "kernelspec": _KERNELSPEC,
        "language_info": _LANGUAGE_INFO | _python_version(solution),
        METADATA_KEY: {"generated": fingerprint(cells)},
    }
    return Notebook(solution.path, cells, metadata)


def fingerprint(cells: tuple[Cell, ...]) -> str:
    """A hash of what a person writes in cells (kinds and sources), blind to outputs and metadata."""
    written = hashlib.sha256()
    for cell in cells:
        written.update(f"{cell.kind} {len(cell.source)}\n{cell.source}\n".encode())
    return written.hexdigest()


def exercises(solution: Notebook) -> tuple[Key, ...]:
    """The exercises of a solution notebook in the order of their cells. Raises ``BuildError``."""
    return tuple(_exercises(solution))


def starter(solution: Notebook, exercise_id: str, filename: str | None = None) -> Answer:
    """What a learner begins with. Raises ``BuildError`` when the notebook has no such exercise."""
    exercise = _exercise(solution, (exercise_id, filename))
    return _transformed(solution, exercise.cell, without_solutions)


def reference(solution: Notebook, exercise_id: str, filename: str | None = None) -> Answer:
    """Our own answer. Raises ``BuildError`` when the notebook has no such exercise."""
    exercise = _exercise(solution, (exercise_id, filename))
    return _transformed(solution, exercise.solution or exercise.cell, without_markers)


def _transformed(solution: Notebook, cell: Cell, change: Callable[[str, str], str]) -> Answer:
    return replace(answer_of(cell), source=body_of(change(cell.source, _place(solution, cell))))


def _exercise(solution: Notebook, key: Key) -> _Exercise:
    exercises = _exercises(solution)
    if key not in exercises:
        known = ", ".join(_name(key) for key in exercises) or "none"
        raise BuildError(f"{shown(solution.path)}: has no exercise {_name(key)}. It has: {known}.")
    return exercises[key]


def _exercises(solution: Notebook) -> dict[Key, _Exercise]:
    lesson = _LESSON.fullmatch(solution.path.stem)
    if lesson is None:
        raise BuildError(
            f"{shown(solution.path)}: is not named as a lesson is. Rename it, as in `03_isolate_the_database.ipynb`."
        )
    for near in find_answers(solution).near_misses:
        # A given cell may hold tests of its own; a magic line that does not work was meant to.
        if near.line is not None:
            raise BuildError(f"{shown(solution.path)}: {near}")
    asked: dict[Key, Cell] = {}
    solved: dict[Key, Cell] = {}
    for cell in solution.cells:
        if (answer := answer_of(cell)) is None:
            continue
        if answer.exercise_id.split(".")[0] != str(int(lesson["number"])):
            raise BuildError(
                f"{_place(solution, cell)}: exercise {answer.exercise_id} is not of lesson "
                f"{lesson['number']}. Correct the id, or move the cell to its own lesson."
            )
        cells = solved if SOLUTION_TAG in cell.tags else asked
        if answer.key in cells:
            raise BuildError(
                f"{_place(solution, cell)}: exercise {_name(answer.key)} is already in cell "
                f"{cells[answer.key].number}. Give one of them another id."
            )
        cells[answer.key] = cell
    for key in solved.keys() - asked.keys():
        raise BuildError(
            f"{_place(solution, solved[key])}: solves exercise {_name(key)}, but no cell without the tag "
            f"`{SOLUTION_TAG}` asks it. Add the starter's cell above it."
        )
    return {key: _Exercise(cell, solved.get(key)) for key, cell in asked.items()}


def _require_ids(solution: Notebook) -> None:
    seen: dict[str, int] = {}
    for cell in solution.cells:
        if cell.id is None or not _CELL_ID.fullmatch(cell.id):
            fix = "Open the notebook in JupyterLab and save it; that gives every cell an id."
            raise BuildError(f"{_place(solution, cell)}: has no valid id. {fix}")
        if cell.id in seen:
            fix = "Delete one of the ids and save the notebook in JupyterLab."
            raise BuildError(f"{_place(solution, cell)}: has the same id as cell {seen[cell.id]}. {fix}")
        seen[cell.id] = cell.number


def _require_starter_differs(solution: Notebook, key: Key, exercise: _Exercise) -> None:
    place = _place(solution, exercise.cell)
    if exercise.solution and has_marker(exercise.cell.source):
        raise BuildError(
            f"{place}: exercise {_name(key)} has both markers and a solution in cell "
            f"{exercise.solution.number}. Keep one of them."
        )
    if not exercise.solution and not has_marker(exercise.cell.source):
        raise BuildError(
            f"{place}: exercise {_name(key)} has no solution. Put one between `### BEGIN SOLUTION` and "
            f"`### END SOLUTION`, or in a cell of its own tagged `{SOLUTION_TAG}`."
        )
    begun, finished = starter(solution, *key), reference(solution, *key)
    if _is_python(finished.source) and not _is_python(begun.source):
        raise BuildError(
            f"{place}: without its solution the cell is not valid Python. Put the whole statement between "
            "the markers, its decorators and its `with` or `try` line included."
        )


def _exercise_cell(solution: Notebook, number: int, cell: Cell) -> Cell:
    source, metadata = cell.source, {"tags": list(cell.tags)} if cell.tags else {}
    if cell.kind == "code":
        source = without_solutions(source, _place(solution, cell))
    elif has_marker(source):
        raise BuildError(
            f"{_place(solution, cell)}: a solution marker in a {cell.kind} cell hides nothing. "
            f"Tag the cell `{SOLUTION_TAG}`, or move the text to a code cell."
        )
    if cell.kind == "code" and parse(source, number):
        metadata[METADATA_KEY] = {"starter": source}
    return replace(cell, number=number, source=source, outputs=(), execution_count=None, metadata=metadata)


def _is_python(source: str) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(source)
    except SyntaxError:
        return False
    return True


def _python_version(solution: Notebook) -> dict[str, Any]:
    info = solution.metadata.get("language_info")
    version = info.get("version") if isinstance(info, dict) else None
    return {"version": version} if isinstance(version, str) else {}


def _place(notebook: Notebook, cell: Cell) -> str:
    return f"{shown(notebook.path)}: cell {cell.number}"


def _name(key: Key) -> str:
    return " ".join(filter(None, key))
