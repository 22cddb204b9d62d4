"""The engine runs trials. It knows nothing of exercises, variants or mutants.

`Trial` says what to run, `Record` what happened. Two engines share the interface `Engine`:
`engine.fresh` starts a Python process for each trial (everywhere), `engine.warm` keeps one clean process that has
imported the libraries and forks a child for each trial (where there is fork).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from checker.engine.isolation import Isolation

POSTGRESQL = "postgresql"


class EngineError(Exception):
    """The engine is at fault, not the answer. The message says what happened and what to do."""


class EngineClosed(EngineError):
    """The engine was closed while somebody waited for it, or before."""

    def __init__(self) -> None:
        super().__init__("The engine was closed while it was needed. Nothing was graded.")


@dataclass(frozen=True)
class Trial:
    """One run of pytest in a private folder.

    `files`: relative path to text, all that is in the folder. `select`: node ids, all tests when empty.
    `order`: `forward` or `reversed`; `repeat`: how often each test runs, the whole list at a time.
    `first`: node ids without parameters, of the tests that run before the others.
    `until`: outcomes; the trial ends after the first test that has one of them.
    `explain`: pytest's full explanation of each failure (slower). `command`: pytest's arguments, run as they are.
    `watch`: paths of subject files whose functions are noted when they run.
    `disguised`: subject files of which the process of no other trial may hold the text.
    `varied`: the files that another trial of the same grading may have otherwise; None where that is not known.
    `answers`: the files that the learner wrote: nothing but a trial runs them.
    `seconds`: the longest that one test, or the start, may take on a quiet machine.
    `needs`: empty, or `POSTGRESQL` for an empty database of its own, whose address is then in DATABASE_URL.
    """

    files: Mapping[str, str]
    select: tuple[str, ...] = ()
    order: str = "forward"
    repeat: int = 1
    first: tuple[str, ...] = ()
    until: tuple[str, ...] = ()
    explain: bool = False
    command: tuple[str, ...] | None = None
    watch: tuple[str, ...] = ()
    disguised: tuple[str, ...] = ()
    varied: tuple[str, ...] | None = None
    answers: tuple[str, ...] = ()
    seconds: float = 5.0
    env: Mapping[str, str] = field(default_factory=dict)
    needs: str = ""


@dataclass(frozen=True)
class TestRun:
    """What one test did once. `outcome` is of the vocabulary: passed, failed, errored, timed_out, not_collected.

    `reason`: `skipped`, `xfailed` or `xpassed` where the outcome is `not_collected` for that; else empty.
    `error`: the exception's class name. `lines`: the lines in test files and conftest.py that the failure passed
    through, (file, line), outermost first; `in_program`: whether it passed through the program under test too.
    `called`: watched functions that ran in the test, as `path::name`; `reached`: those in its fixtures too.
    `unawaited`: coroutines that nobody awaited, (line, name); `lost`: exceptions left in a task, (line, text).
    """

    __test__ = False

    id: str
    outcome: str
    reason: str = ""
    error: str = ""
    message: str = ""
    explanation: str = ""
    lines: tuple[tuple[str, int], ...] = ()
    in_program: bool = False
    called: tuple[str, ...] = ()
    reached: tuple[str, ...] = ()
    unawaited: tuple[tuple[int, str], ...] = ()
    lost: tuple[tuple[int, str], ...] = ()
    properties: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Record:
    """What a trial did. `end`: `finished`, `timed_out`, `died` (the process ended without saying so) or `usage` (pytest
    refused its command line or configuration). `problems`: collection errors as (path, line, message).
    `ran`: what a command did (see `engine.onlooker`), and under `left` the files in the folder afterwards.
    `output`: the last 8 KiB that was printed, never interpreted.
    `prepared`: whether the trial's process came as far as the learner's code; if not, its end is the engine's fault.
    """

    end: str
    tests: tuple[TestRun, ...] = ()
    problems: tuple[tuple[str, int, str], ...] = ()
    warnings: tuple[str, ...] = ()
    ran: Mapping[str, object] = field(default_factory=dict)
    exit_code: int = 0
    output: str = ""
    culprit: str = ""
    prepared: bool = True


class Engine(Protocol):
    """Runs trials, as many at a time as there are processors, and yields (index, record) as each one ends.

    Several threads may call `run` at the same time: all their trials together are bounded.
    """

    name: str
    isolation: Isolation

    def run(self, trials: Sequence[Trial]) -> Iterator[tuple[int, Record]]: ...

    def another(self) -> Engine:
        """A second engine, in whose Python texts have other hashes. Whoever asks for it closes it."""

    def close(self) -> None:
        """Ends all that runs. Who waits for a trial in another thread gets an `EngineError`."""
