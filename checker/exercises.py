"""The learner's answers: which notebook and which cells hold them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from checker.contract import Exercise
from checker.engine import Engine
from checker.grade import Progress, grade
from checker.notebook.answers import AmbiguousAnswer, Answers, find_answers
from checker.notebook.build import reference
from checker.notebook.reader import Notebook, read
from checker.verdict import Verdict


@dataclass(frozen=True)
class Found:
    """The answer to one exercise, by file name.

    `first_lines`: the line of its cell on which each source begins. `cell`: the number of the first cell.
    `problem` says why it cannot be graded: a cell is missing, or two differ.
    """

    sources: Mapping[str, str] = field(default_factory=dict)
    first_lines: Mapping[str, int] = field(default_factory=dict)
    cell: int | None = None
    problem: str = ""


def notebook_of(exercise: Exercise, root: Path) -> Path:
    """Where the learner works on it."""
    return root / "exercises" / f"{exercise.lesson}.ipynb"


def reference_of(lesson: str, root: Path) -> Path:
    """Where the reference is, in a copy with solutions."""
    return root / "solutions" / f"{lesson}.ipynb"


def reference_sources(exercise: Exercise, root: Path) -> dict[str, str]:
    """Our own answer by file name; empty where solutions/ is withheld. Raises `NotebookError`."""
    path = reference_of(exercise.lesson, root)
    if not path.exists():
        return {}
    notebook = read(path)
    single = len(exercise.answers) == 1
    return {
        name: reference(notebook, exercise.id, None if single else name).source.strip()
        for name in exercise.answers
    }


def answer_to(exercise: Exercise, notebook: Notebook, answers: Answers | None = None) -> Found:
    """The answer to `exercise` in `notebook`; `answers` when they are known already."""
    answers = answers or find_answers(notebook)
    sources, first_lines, cells = {}, {}, []
    for name in exercise.answers:
        try:
            answer = answers.get(exercise.id, name)
            # The only file of an exercise needs no name.
            if answer is None and len(exercise.answers) == 1:
                answer = answers.get(exercise.id)
        except AmbiguousAnswer as error:
            return Found(problem=str(error), cell=error.cell_numbers[0])
        if answer is None:
            magic = f"%%exercise {exercise.id}" + (f" {name}" if len(exercise.answers) > 1 else "")
            return Found(problem=f"No cell begins with `{magic}`. {_remedy(exercise, answers)}")
        sources[name], first_lines[name] = answer.source, answer.first_line
        cells.append(answer.cell_number)
    return Found(sources, first_lines, cells[0])


def judge(
    exercise: Exercise,
    found: Found,
    engine: Engine,
    progress: Progress | None = None,
    *,
    matrix: bool = False,
) -> Verdict:
    """The verdict on what was found; one that says so where there is nothing to try. See `checker.grade.grade`."""
    if found.problem:
        word = "invalid" if found.cell else "empty"
        return Verdict(exercise.id, exercise.title, exercise.kind, word, found.problem)
    return grade(
        exercise, found.sources, engine, first_line=found.first_lines, progress=progress, matrix=matrix
    )


def _remedy(exercise: Exercise, answers: Answers) -> str:
    near = next((str(miss) for miss in answers.near_misses if exercise.id in miss.reason), "")
    return near or f"To get the cell back: python3 -m checker reset {exercise.id}"
