"""The run of a notebook in a fresh kernel, as plain text."""

from __future__ import annotations

from collections.abc import Iterator

from checker.report.words import clean, clean_block, counted
from checker.submission import CellRun, KernelRun

_WORDS = {"failed": "FAIL", "timed_out": "NO END", "not_run": "NOT RUN", "deleted": "GONE", "passed": "PASS"}
_ROLES = {"given": "given", "added": "your own"}
_LINES = 12


def text(run: KernelRun) -> str:
    """What works first, then one line a cell that a person should look at; no line end at its end."""
    return "\n".join(_lines(run))


def headline(run: KernelRun) -> str:
    """Part of a sentence: how many cells run as they should."""
    if run.fault:
        return "the checker failed to run the notebook, which is not your fault"
    cells = [cell for cell in run.cells if cell.number]
    passed = sum(cell.result == "passed" for cell in cells)
    return f"{passed} of {counted(len(cells), 'cell')} {'runs' if passed == 1 else 'run'} as expected"


def _lines(run: KernelRun) -> Iterator[str]:
    yield f"Notebook, from top to bottom in a fresh kernel: {headline(run)}."
    if run.sentence:
        yield clean(run.sentence)
    for cell in run.cells:
        if cell.result != "passed" or cell.changed:
            yield f"  {_WORDS[cell.result]:<8} {_place(cell)}{clean(cell.sentence)}"
            lines = clean_block(cell.explanation, _LINES)
            yield from (f"           | {line}".rstrip() for line in lines if line)


def _place(cell: CellRun) -> str:
    if not cell.number:
        return ""
    role = f"exercise {cell.exercise}" if cell.exercise else _ROLES[cell.role]
    return f"cell {cell.number} ({role}): "
