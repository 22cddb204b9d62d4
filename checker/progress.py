"""What a learner has done so far: one small SQLite file in the clone, which git ignores.

Losing it loses nothing but the record. The command line and every open kernel write to it at the same time.
Attempts are kept as hashes: no answer is stored. Of the last pass of an exercise it is kept when it was, on which
versions, and which test caught which bug.
"""

from __future__ import annotations

import ast
import contextlib
import hashlib
import json
import os
import sqlite3
import weakref
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from checker.contract import Exercise
from checker.verdict import Verdict

FOLDER = ".assert_await"
FILE = "progress.sqlite3"
ATTEMPTS_BEFORE_SOLUTION = 3
STATES = ("passed", "tried", "untouched")
_BUSY_SECONDS = 5.0
_NO_ATTEMPT = ("empty", "not_run", "grader_error")
_LAYOUT = 2
_TABLES = (
    "CREATE TABLE IF NOT EXISTS attempt (exercise TEXT, digest TEXT, verdict TEXT, PRIMARY KEY (exercise, digest))",
    "CREATE TABLE IF NOT EXISTS hint (exercise TEXT PRIMARY KEY, shown INTEGER NOT NULL)",
    "CREATE TABLE IF NOT EXISTS given_up (exercise TEXT PRIMARY KEY)",
    "CREATE TABLE IF NOT EXISTS pass (exercise TEXT PRIMARY KEY, at TEXT NOT NULL, report TEXT NOT NULL)",
)


@dataclass(frozen=True)
class Standing:
    """How far a learner is with one exercise. `attempts` counts distinct answers, `hints` the steps shown."""

    exercise: str
    state: str
    attempts: int = 0
    hints: int = 0
    gave_up: bool = False


@dataclass(frozen=True)
class Pass:
    """The last pass of an exercise.

    `at`: the moment, in UTC, to the second. `accepted`: how many correct versions. `bugs`: the names of those that it
    was tried on, all of them caught; `matrix`: for each test the bugs that it caught. `libraries`: the versions.
    """

    exercise: str
    at: datetime
    accepted: int
    bugs: tuple[str, ...]
    matrix: Mapping[str, tuple[str, ...]]
    libraries: Mapping[str, str]


class Progress:
    """The record of the clone at `root`. A file that cannot be used never raises; `note` says what happened.

    `keep=False` records in memory alone, for as long as this object lives. That is the default under pytest:
    a notebook that nbval runs starts without a past, and leaves none.
    """

    def __init__(self, root: Path, *, keep: bool | None = None) -> None:
        self.path = root / FOLDER / FILE
        self.note = ""
        self._memory: sqlite3.Connection | None = None
        if not ("PYTEST_VERSION" not in os.environ if keep is None else keep):
            self._use_memory()

    def record(self, verdict: Verdict, answers: Mapping[str, str]) -> None:
        """Note an attempt. An answer that says the same as an earlier one is not another attempt."""
        if verdict.verdict not in _NO_ATTEMPT:
            row = (verdict.exercise, digest(answers), verdict.verdict)
            self._ask("INSERT OR REPLACE INTO attempt VALUES (?, ?, ?)", row)
        if verdict.passed:
            at = datetime.now(UTC).isoformat(timespec="seconds")
            self._ask(
                "INSERT OR REPLACE INTO pass VALUES (?, ?, ?)", (verdict.exercise, at, _report(verdict))
            )

    def passes(self) -> dict[str, Pass]:
        """The last pass of each exercise, by its id."""
        return {row[0]: _pass(*row) for row in self._ask("SELECT exercise, at, report FROM pass")}

    def next_hint(self, exercise: Exercise) -> tuple[int, str, int]:
        """The next step of the ladder: its number from 1, its text, how many are left. The last repeats."""
        last = len(exercise.hints)
        [[step]] = self._ask(
            "INSERT INTO hint VALUES (?, 1) ON CONFLICT DO UPDATE SET shown = min(shown + 1, ?) RETURNING shown",
            (exercise.id, last),
        )
        return step, exercise.hints[step - 1], last - step

    def may_open_solution(self, id: str) -> bool:
        """Whether the exercise is passed, or tried in three distinct ways, or given up."""
        standing = self._standings().get(id, Standing(id, "untouched"))
        return standing.state == "passed" or standing.gave_up or standing.attempts >= ATTEMPTS_BEFORE_SOLUTION

    def give_up(self, id: str) -> None:
        """Record that the learner wants to see the solution without having passed."""
        self._ask("INSERT OR IGNORE INTO given_up VALUES (?)", (id,))

    def summary(self, exercises: Iterable[Exercise]) -> tuple[Standing, ...]:
        """One `Standing` an exercise, in the order given."""
        known = self._standings()
        return tuple(known.get(exercise.id, Standing(exercise.id, "untouched")) for exercise in exercises)

    def _standings(self) -> dict[str, Standing]:
        rows = self._ask(
            "SELECT id, count(digest), max(verdict IS 'passed'), max(ifnull(shown, 0)), max(gave_up) FROM ("
            " SELECT exercise AS id, digest, verdict, 0 AS shown, 0 AS gave_up FROM attempt"
            " UNION ALL SELECT exercise, NULL, NULL, shown, 0 FROM hint"
            " UNION ALL SELECT exercise, NULL, NULL, 0, 1 FROM given_up) GROUP BY id"
        )
        standings = {}
        for id, count, passed, hints, gave_up in rows:
            state = "passed" if passed else "tried" if count else "untouched"
            standings[id] = Standing(id, state, count, hints, bool(gave_up))
        return standings

    def _ask(self, query: str, values: tuple = ()) -> list[tuple]:
        """The rows of one query, done whole or not at all."""
        if self._memory is None:
            try:
                try:
                    return self._ask_file(query, values)
                except sqlite3.OperationalError:
                    raise
                except sqlite3.DatabaseError:
                    self._set_aside()
                    return self._ask_file(query, values)
            except (OSError, sqlite3.Error) as error:
                reason = getattr(error, "strerror", None) or str(error)
                self.note = (
                    f"Progress is not recorded: {self.path} cannot be written ({reason}). "
                    "Everything else works. Make the folder writable, or delete the file, to record again."
                )
                self._use_memory()
        with self._memory:
            return self._memory.execute(query, values).fetchall()

    def _ask_file(self, query: str, values: tuple) -> list[tuple]:
        self.path.parent.mkdir(exist_ok=True)
        ignore = self.path.parent / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n", encoding="utf-8")
        # Opened for a moment only: a kernel lives for days, and others want to write.
        with contextlib.closing(sqlite3.connect(self.path, timeout=_BUSY_SECONDS)) as database, database:
            database.execute("BEGIN IMMEDIATE")
            [[layout]] = database.execute("PRAGMA user_version").fetchall()
            if layout > _LAYOUT:
                raise sqlite3.OperationalError(f"it has layout {layout}, from a newer version of the checker")
            if layout < _LAYOUT:
                for statement in (*_TABLES, f"PRAGMA user_version = {_LAYOUT}"):
                    database.execute(statement)
            return database.execute(query, values).fetchall()

    def _set_aside(self) -> None:
        number = 1
        while (aside := self.path.with_name(f"progress.damaged-{number}.sqlite3")).exists():
            number += 1
        os.replace(self.path, aside)
        self.note = f"The record of your progress was damaged. It is kept as {aside}; a new one was begun."

    def _use_memory(self) -> None:
        # A kernel may ask from another thread than the one that loaded the extension.
        self._memory = sqlite3.connect(":memory:", check_same_thread=False)
        weakref.finalize(self, self._memory.close)
        with contextlib.suppress(OSError, sqlite3.Error):
            if self.note and self.path.exists():
                self._copy_into(self._memory)
        for statement in _TABLES:
            self._memory.execute(statement)

    def _copy_into(self, memory: sqlite3.Connection) -> None:
        """What was recorded while the folder could be written still counts."""
        where = f"{self.path.resolve().as_uri()}?mode=ro&immutable=1"
        with contextlib.closing(sqlite3.connect(where, uri=True)) as database:
            if 0 < database.execute("PRAGMA user_version").fetchone()[0] <= _LAYOUT:
                database.backup(memory)


def _report(verdict: Verdict) -> str:
    """What of a pass is kept beside its moment, as JSON."""
    correct = (*verdict.of("subject"), *verdict.of("variant"))
    return json.dumps(
        {
            "accepted": sum(version.result == "accepted" for version in correct),
            "bugs": [version.name for version in verdict.of("mutant")],
            "matrix": {test: list(bugs) for test, bugs in verdict.matrix.items()},
            "libraries": dict(verdict.libraries),
        }
    )


def _pass(exercise: str, at: str, report: str) -> Pass:
    kept = json.loads(report)
    matrix = {test: tuple(bugs) for test, bugs in kept["matrix"].items()}
    return Pass(
        exercise, datetime.fromisoformat(at), kept["accepted"], tuple(kept["bugs"]), matrix, kept["libraries"]
    )


def digest(answers: Mapping[str, str]) -> str:
    """A hash of what the answers say: comments, blank lines and layout do not make another answer."""
    parts = sorted((name, _normalised(name, source)) for name, source in answers.items())
    return hashlib.sha256(repr(parts).encode("utf-8", "replace")).hexdigest()


def _normalised(name: str, source: str) -> str:
    if name.endswith(".py"):
        with contextlib.suppress(SyntaxError, ValueError, RecursionError, MemoryError):
            return ast.dump(ast.parse(source))
    return "\n".join(" ".join(line.split()) for line in source.splitlines() if line.strip())
