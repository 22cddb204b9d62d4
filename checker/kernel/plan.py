"""What each code cell of a learner's notebook is, and which outputs of the reference it should repeat."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from checker.notebook.answers import METADATA_KEY, answer_of
from checker.notebook.build import SOLUTION_TAG
from checker.notebook.reader import Cell, Notebook


@dataclass(frozen=True)
class Planned:
    """A cell to run. `outputs` is None where nothing is expected: the cell must only run.

    `role`: `given`, `exercise` or `added`. `changed`: a given cell whose source differs from the reference's.
    """

    cell: Cell
    role: str
    exercise: str = ""
    changed: bool = False
    outputs: tuple[dict[str, Any], ...] | None = None
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Plan:
    """The learner's code cells in their order, and the reference's given cells that are gone."""

    cells: tuple[Planned, ...]
    deleted: tuple[Cell, ...] = ()

    def document(self) -> dict[str, Any]:
        """The notebook that nbval runs: the learner's sources over the reference's outputs."""
        cells = [_cell(one) for one in self.cells]
        return {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}


def plan(notebook: Notebook, reference: Notebook | None) -> Plan:
    """Pairs the cells: an exercise cell by its id, a given cell by its id, else its source, else its place.

    Without a reference nothing is expected, and no cell can be told from one that the learner added.
    """
    code = _code(notebook)
    wanted = _code(reference) if reference else []
    given = [cell for cell in wanted if answer_of(cell) is None and SOLUTION_TAG not in cell.tags]
    # Where the solution is a cell of its own, that one prints what a right answer prints: it comes last.
    solved_last = sorted(wanted, key=lambda cell: SOLUTION_TAG in cell.tags)
    answers = {answer.key: cell for cell in solved_last if (answer := answer_of(cell))}
    free = [cell for cell in code if answer_of(cell) is None]
    pairs = _pairs(given, free)
    partners = {learner.number: cell for cell, learner in pairs}
    planned = tuple(_planned(cell, partners, answers, reference is not None) for cell in code)
    kept = {cell.number for cell in partners.values()}
    return Plan(planned, tuple(cell for cell in given if cell.number not in kept))


def _code(notebook: Notebook) -> list[Cell]:
    return [cell for cell in notebook.cells if cell.kind == "code" and cell.source.strip()]


def _planned(cell: Cell, partners: Mapping[int, Cell], answers: Mapping, compared: bool) -> Planned:
    if answer := answer_of(cell):
        expected = answers.get(answer.key)
        return Planned(cell, "exercise", answer.exercise_id, outputs=_stored(expected))
    if not compared:
        return Planned(cell, "given")
    partner = partners.get(cell.number)
    if partner is None:
        return Planned(cell, "added")
    changed = _comparable(cell) != _comparable(partner)
    return Planned(cell, "given", changed=changed, outputs=_stored(partner), tags=partner.tags)


def _stored(cell: Cell | None) -> tuple[dict[str, Any], ...] | None:
    """What a cell of the reference printed; None when it was never run."""
    ran = cell is not None and (cell.outputs or cell.execution_count is not None)
    return cell.outputs if ran else None


_Pairs = list[tuple[Cell, Cell]]
"""A given cell and the learner's own copy of it."""


def _pairs(given: list[Cell], learner: list[Cell]) -> _Pairs:
    found: _Pairs = []
    for same in (_same_id_and_source, _same_source, _same_id):
        for cell in list(given):
            partner = next((other for other in learner if same(cell, other)), None)
            if partner:
                found.append((cell, partner))
                given = [other for other in given if other is not cell]
                learner = [other for other in learner if other is not partner]
    return found + _pairs_by_place(given, learner, found)


def _pairs_by_place(given: list[Cell], learner: list[Cell], found: _Pairs) -> _Pairs:
    """What is left pairs up where the same number of cells is left between the same two pairs."""

    def gaps(cells: list[Cell], side: int) -> dict[tuple[int, ...], list[Cell]]:
        by_gap: dict[tuple[int, ...], list[Cell]] = {}
        for cell in cells:
            before = tuple(index for index, pair in enumerate(found) if pair[side].number < cell.number)
            by_gap.setdefault(before, []).append(cell)
        return by_gap

    theirs = gaps([cell for cell in learner if cell.id is None], 1)
    return [
        pair
        for gap, cells in gaps(given, 0).items()
        if len(theirs.get(gap, [])) == len(cells)
        for pair in zip(cells, theirs[gap], strict=True)
    ]


def _same_id_and_source(given: Cell, learner: Cell) -> bool:
    return _same_id(given, learner) and _same_source(given, learner)


def _same_source(given: Cell, learner: Cell) -> bool:
    return _comparable(given) == _comparable(learner)


def _same_id(given: Cell, learner: Cell) -> bool:
    return given.id is not None and given.id == learner.id


def _comparable(cell: Cell) -> str:
    return "\n".join(line.rstrip() for line in cell.source.strip().split("\n"))


def _cell(planned: Planned) -> dict[str, Any]:
    # nbval compares outputs only where the reference says that it was run.
    expected = planned.outputs is not None
    return {
        "cell_type": "code",
        "id": f"cell-{planned.cell.number}",
        "source": planned.cell.source,
        "execution_count": 1 if expected else None,
        "outputs": list(planned.outputs or ()),
        "metadata": {
            "tags": list(planned.tags),
            # Comments such as NBVAL_SKIP are obeyed where they are the author's alone.
            METADATA_KEY: {"role": planned.role, "trusted": planned.role == "given" and not planned.changed},
        },
    }
