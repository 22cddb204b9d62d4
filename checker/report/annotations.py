"""Submissions as annotations of a GitHub build: `::error file=,line=::` lines."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from checker.submission import CellRun, Submission

LONGEST = 2000


def lines(submissions: Iterable[Submission]) -> Iterator[str]:
    """One line an exercise or cell that is not as it should be, without line ends."""
    for submission in submissions:
        if submission.problem:
            yield _line(submission.source, 1, submission.problem)
        for verdict in submission.verdicts:
            if not verdict.passed:
                message = f"Exercise {verdict.exercise}, {verdict.verdict}: {verdict.headline}"
                yield _line(submission.source, _line_of(submission.source, verdict.exercise), message)
        for cell in submission.kernel.cells if submission.kernel else ():
            if cell.result not in ("passed", "deleted") and not cell.exercise:
                yield _line(submission.source, 1, _of_cell(cell))


def _of_cell(cell: CellRun) -> str:
    return f"Cell {cell.number}: {cell.sentence}"


def _line(file: str, line: int, message: str) -> str:
    return f"::error file={_escaped(file, ':,')},line={line}::{_escaped(message[:LONGEST])}"


def _escaped(text: str, more: str = "") -> str:
    """As GitHub's own toolkit does it: a line end would begin another command. The log acts on no other character."""
    text = "".join(
        one if one.isprintable() or one in "\r\n" else one.encode("unicode_escape", "replace").decode() for one in text
    )
    return re.sub(f"[%\r\n{more}]", lambda found: f"%{ord(found[0]):02X}", text)


def _line_of(file: str, exercise: str) -> int:
    """The line of the notebook's file on which the answer begins; 1 where it cannot be found."""
    try:
        with open(file, encoding="utf-8", errors="replace") as notebook:
            magic = re.compile(rf"%%exercise\s+{re.escape(exercise)}\b")
            return next((number for number, text in enumerate(notebook, 1) if magic.search(text)), 1)
    except OSError:
        return 1
