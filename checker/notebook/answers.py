"""Answers out of cells: which cell answers which exercise, and which cell nearly does."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from checker.notebook.reader import Cell, Notebook, NotebookError, shown

METADATA_KEY = "assert_await"

Key = tuple[str, str | None]
"""An exercise id and the file its answer becomes; None means the file that the contract names."""

_ID = r"(?:0|[1-9][0-9]?)\.[1-9][0-9]?"
_FILENAME = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}"
_MAGIC = re.compile(rf"(?P<indent>\s*)%%exercise\s+(?P<id>{_ID})(?:\s+(?P<filename>{_FILENAME}))?\s*")
_NEAR_MAGIC = re.compile(r"[\s\ufeff]*(?P<comment>#+\s*)?%{1,3}\s*exercises?(?P<rest>.*)", re.IGNORECASE)
_LOOKS_LIKE_ID = re.compile(rf"\s*({_ID})(?![0-9])")
_DEFINES_TEST = re.compile(r"^[ \t]*(?:(?:async[ \t]+)?def[ \t]+test|@pytest)", re.MULTILINE)


@dataclass(frozen=True)
class Answer:
    """What a learner wrote for one exercise: ``source`` is the cell without its ``%%exercise`` line.

    ``first_line`` is the line of the cell, from 1, on which ``source`` begins: line n of ``source`` is line
    ``first_line + n - 1`` of cell ``cell_number``.
    """

    exercise_id: str
    filename: str | None
    source: str
    cell_number: int
    first_line: int

    @property
    def key(self) -> Key:
        return self.exercise_id, self.filename


@dataclass(frozen=True)
class Problem:
    """Something in a cell that a learner must change; ``line`` counts within the cell from 1."""

    kind: Literal["near_miss", "syntax", "magic", "top_level_await", "too_long"]
    cell_number: int
    line: int | None
    reason: str

    def __str__(self) -> str:
        line = "" if self.line is None else f", line {self.line}"
        return f"cell {self.cell_number}{line}: {self.reason}"


class AmbiguousAnswer(NotebookError):
    """Two cells answer the same exercise differently; ``cell_numbers`` are theirs."""

    def __init__(self, message: str, cell_numbers: tuple[int, ...]) -> None:
        super().__init__(message)
        self.cell_numbers = cell_numbers


@dataclass(frozen=True)
class Answers:
    """The answers of a notebook. An ambiguous one spoils itself alone: the others stay in ``found``."""

    found: Mapping[Key, Answer]
    ambiguous: Mapping[Key, AmbiguousAnswer]
    near_misses: tuple[Problem, ...]

    def get(self, exercise_id: str, filename: str | None = None) -> Answer | None:
        """The answer, None if there is none; raises ``AmbiguousAnswer``."""
        if error := self.ambiguous.get((exercise_id, filename)):
            raise error
        return self.found.get((exercise_id, filename))


def find_answers(notebook: Notebook, starters: Mapping[Key, str] | None = None) -> Answers:
    """Find the answers by their ``%%exercise`` lines alone, in whatever order the cells are.

    Equal copies count once. Of different ones the only one that is neither empty nor the starter counts.
    ``starters`` are answer sources; those that the notebook itself stores are known without being passed.
    """
    copies: dict[Key, list[Answer]] = {}
    for cell in notebook.cells:
        if answer := answer_of(cell):
            copies.setdefault(answer.key, []).append(answer)
    known = {key: body_of(source) for key, source in stored_starters(notebook).items()} | dict(starters or {})
    found: dict[Key, Answer] = {}
    ambiguous: dict[Key, AmbiguousAnswer] = {}
    for key, answers in copies.items():
        choice = _choose(answers, known.get(key, ""))
        if len(choice) == 1:
            found[key] = choice[0]
        else:
            ambiguous[key] = _ambiguity(notebook, key, choice)
    return Answers(found, ambiguous, tuple(_near_misses(notebook.cells, {key[0] for key in copies})))


def answer_of(cell: Cell) -> Answer | None:
    """The answer in ``cell``, None if its first line that is not blank is no ``%%exercise`` line."""
    return parse(cell.source, cell.number) if cell.kind == "code" else None


def parse(source: str, cell_number: int) -> Answer | None:
    """The answer in the source of cell ``cell_number``, None if it is no exercise cell."""
    lines = source.removeprefix("\ufeff").split("\n")
    index = _first_line_that_is_not_blank(lines)
    if index is None or not (magic := _MAGIC.fullmatch(lines[index])):
        return None
    # IPython, too, takes the indentation of the first line off the whole cell.
    body = "\n".join(line.removeprefix(magic["indent"]) for line in lines[index + 1 :])
    return Answer(magic["id"], magic["filename"], body, cell_number, index + 2)


def body_of(source: str) -> str:
    """The source of an exercise cell without its ``%%exercise`` line; other sources as they are."""
    answer = parse(source, 0)
    return source if answer is None else answer.source


def stored_starters(notebook: Notebook) -> dict[Key, str]:
    """The starters that the builder left in the metadata of exercise cells: whole cell sources."""
    starters: dict[Key, str] = {}
    for cell in notebook.cells:
        if answer := parse(stored_starter(cell), cell.number):
            starters.setdefault(answer.key, stored_starter(cell))
    return starters


def stored_starter(cell: Cell) -> str:
    """The starter that the builder left in the metadata of ``cell``: a whole cell source, or nothing."""
    own = cell.metadata.get(METADATA_KEY)
    starter = own.get("starter") if isinstance(own, dict) else None
    return starter if isinstance(starter, str) else ""


def _first_line_that_is_not_blank(lines: list[str]) -> int | None:
    return next((index for index, line in enumerate(lines) if line.strip()), None)


def _choose(answers: list[Answer], starter: str) -> list[Answer]:
    different: dict[str, Answer] = {}
    for answer in answers:
        different.setdefault(_comparable(answer.source), answer)
    untouched = {"", _comparable(starter)}
    changed = [answer for text, answer in different.items() if text not in untouched]
    return changed or [different.get(_comparable(starter), answers[0])]


def _comparable(source: str) -> str:
    return "\n".join(line.rstrip() for line in source.split("\n")).strip("\n")


def _ambiguity(notebook: Notebook, key: Key, choice: list[Answer]) -> AmbiguousAnswer:
    numbers = tuple(answer.cell_number for answer in choice)
    listed = ", ".join(map(str, numbers[:-1])) + f" and {numbers[-1]}"
    magic = " ".join(filter(None, ("%%exercise", *key)))
    return AmbiguousAnswer(
        f"{shown(notebook.path)}: cells {listed} answer exercise {key[0]} differently. "
        f"Keep one: delete the line `{magic}` in the others.",
        numbers,
    )


def _near_misses(cells: tuple[Cell, ...], answered: set[str]) -> Iterator[Problem]:
    previous: Answer | None = None
    for cell in cells:
        answer = answer_of(cell)
        yield from _near_magics(cell, answer, answered)
        if cell.kind != "code" or not cell.source.strip():
            continue
        if previous and answer is None and "%%" not in cell.source and _DEFINES_TEST.search(cell.source):
            yield Problem(
                "near_miss",
                cell.number,
                None,
                f"has tests but no `%%exercise` line, so it is not graded. If they belong to exercise "
                f"{previous.exercise_id}, merge the cell into cell {previous.cell_number}.",
            )
        previous = answer


def _near_magics(cell: Cell, answer: Answer | None, answered: set[str]) -> Iterator[Problem]:
    lines = cell.source.split("\n")
    first = _first_line_that_is_not_blank(lines)
    for index, line in enumerate(lines):
        if cell.kind == "code":
            near = None if answer and index == first else _NEAR_MAGIC.fullmatch(line)
        else:
            # Prose may speak of the magic; a cell that begins with one was meant to be code.
            near = _NEAR_MAGIC.fullmatch(line) if index == first and _MAGIC.fullmatch(line) else None
        if near is None:
            continue
        exercise_id = _LOOKS_LIKE_ID.match(near["rest"])
        # A commented line beside a real answer is an old copy or a remark.
        if near["comment"] and exercise_id and exercise_id[1] in answered:
            continue
        if cell.kind != "code":
            fix = f"stands in a {cell.kind} cell. Make it a code cell: select it and press Escape, then Y."
        elif answer:
            fix = "is a second exercise in this cell. Split the cell above this line."
        elif _MAGIC.fullmatch(line):
            fix = "is not on the first line of its cell. Move it to the top."
        elif exercise_id:
            fix = f"is not understood. The first line of the cell must be `%%exercise {exercise_id[1]}`."
        else:
            fix = "names no exercise. Write its id, as in `%%exercise 3.2`."
        yield Problem("near_miss", cell.number, index + 1, f"`{shown(line.strip(), limit=60)}` {fix}")
