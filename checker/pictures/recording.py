"""Records a pytest run. pytest calls these hooks when it is started with `-p checker.pictures`."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field

import pytest

from checker.pictures.steps import Step, watched

DATABASE_FIXTURE = "url"
Tables = Mapping[str, tuple[Mapping[str, object], ...]]


class NothingToDraw(Exception):
    """There is no run, or it has not what was asked for. The message says what there is, and what to do."""


@dataclass(frozen=True)
class Span:
    """What lived from step `first` to step `last` of a run. A step is one set-up, call or teardown."""

    name: str
    first: int
    last: int


@dataclass(frozen=True)
class Run:
    """One pytest run, in the order of its steps.

    `tests` span all that is done for a test, `bodies` the test functions alone, `fixtures` each life of a
    fixture. `stored` says of each test what the database held when its teardown was over; None: no database.
    `steps` are those of each body's tasks.
    """

    tests: tuple[Span, ...]
    bodies: tuple[Span, ...]
    fixtures: tuple[Span, ...]
    stored: tuple[Tables | None, ...]
    steps: tuple[tuple[Step, ...], ...]


@dataclass
class _Recording:
    """The run that goes on, or went on last."""

    step: int = 0
    tests: list[Span] = field(default_factory=list)
    bodies: list[Span] = field(default_factory=list)
    fixtures: list[Span] = field(default_factory=list)
    stored: list[Tables | None] = field(default_factory=list)
    steps: list[tuple[Step, ...]] = field(default_factory=list)
    alive: dict[int, tuple[str, int]] = field(default_factory=dict)
    database: str = ""

    def next(self) -> int:
        self.step += 1
        return self.step

    def run(self) -> Run:
        fixtures = sorted(self.fixtures, key=lambda span: span.first)
        return Run(
            tuple(self.tests), tuple(self.bodies), tuple(fixtures), tuple(self.stored), tuple(self.steps)
        )


_recording = _Recording()


def pytest_sessionstart() -> None:
    global _recording
    _recording = _Recording()


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(fixturedef):
    result = yield
    _recording.alive[id(fixturedef)] = fixturedef.argname, _recording.next()
    return result


def pytest_fixture_post_finalizer(fixturedef) -> None:
    # pytest says this more than once of a fixture that several others asked for.
    if begun := _recording.alive.pop(id(fixturedef), None):
        _recording.fixtures.append(Span(*begun, _recording.next()))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item):
    first = _recording.next()
    result = yield
    _recording.tests.append(Span(item.name, first, _recording.next()))
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    first = _recording.next()
    steps: list[Step] = []
    try:
        with watched(steps):
            return (yield)
    finally:
        _recording.bodies.append(Span(item.name, first, _recording.next()))
        _recording.steps.append(tuple(steps))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item):
    _recording.database = getattr(item, "funcargs", {}).get(DATABASE_FIXTURE, _recording.database)
    try:
        return (yield)
    finally:
        _recording.stored.append(_rows_in(_recording.database))


def _rows_in(url: str) -> Tables | None:
    """The rows of each table of an SQLite file, over a connection of its own; None for other databases."""
    dialect, _, file = url.partition(":///")
    if not dialect.startswith("sqlite") or not file or ":memory:" in file:
        return None
    with closing(sqlite3.connect(file)) as connection:
        connection.row_factory = sqlite3.Row
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        return {name: tuple(map(dict, connection.execute(f'SELECT * FROM "{name}"'))) for (name,) in names}


def last_run() -> Run:
    """What was recorded last; `NothingToDraw` where nothing was."""
    run = _recording.run()
    if not run.tests:
        raise NothingToDraw(
            "No test was recorded. First run a cell that begins with `%%ipytest -p checker.pictures`."
        )
    return run
