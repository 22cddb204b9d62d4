"""What grading a notebook, or one exercise, came to: verdicts from the trials, cells from the kernel."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from checker.verdict import Verdict

DONE, INCOMPLETE, USAGE, GRADER_AT_FAULT, INTERRUPTED = 0, 1, 2, 3, 130


@dataclass(frozen=True)
class CellRun:
    """One code cell of the notebook, run in its turn.

    `number` counts all cells from 1; 0 for a cell that is no longer there. `role`: `given`, `exercise` or
    `added` (the learner's own). `result`: `passed`, `failed`, `timed_out`, `not_run` or `deleted`.
    `changed`: a given cell that was edited. `explanation` is nbval's, of a difference or an exception.
    """

    number: int
    role: str
    result: str
    exercise: str = ""
    changed: bool = False
    sentence: str = ""
    explanation: str = ""


@dataclass(frozen=True)
class KernelRun:
    """The notebook from top to bottom in a fresh kernel.

    `mode`: `compared` with the reference's outputs, `run` without comparing, or `not_run`. `sentence`: what
    to know about the whole. `fault`: the run itself broke, which is not the learner's doing.
    """

    mode: str
    cells: tuple[CellRun, ...] = ()
    sentence: str = ""
    fault: bool = False

    @property
    def passed(self) -> bool:
        """Whether no cell failed. A deleted cell is named; what it breaks is what fails."""
        return not self.fault and all(cell.result in ("passed", "deleted") for cell in self.cells)


@dataclass(frozen=True)
class Submission:
    """`source`: the notebook's path, or the exercise's id. `problem`: why it cannot be graded at all.

    `cells`: the cell of each exercise's answer, by id. `notes`: what a person should know, such as a cell
    that nearly is an answer. `named`: it was asked for by name, not found in a folder.
    """

    source: str
    verdicts: tuple[Verdict, ...] = ()
    kernel: KernelRun | None = None
    problem: str = ""
    notes: tuple[str, ...] = ()
    cells: Mapping[str, int] = field(default_factory=dict)
    named: bool = True

    @property
    def exit_code(self) -> int:
        """0 done, 1 incomplete, 2 not a notebook that can be graded, 3 the grader is at fault."""
        errors = [verdict for verdict in self.verdicts if verdict.verdict == "grader_error"]
        if errors or (self.kernel and self.kernel.fault):
            return GRADER_AT_FAULT
        if self.problem:
            return USAGE if self.named else INCOMPLETE
        done = all(verdict.passed for verdict in self.verdicts)
        return DONE if done and (self.kernel is None or self.kernel.passed) else INCOMPLETE


def exit_code(submissions: Iterable[Submission]) -> int:
    """The gravest of all."""
    return max((submission.exit_code for submission in submissions), default=DONE)
