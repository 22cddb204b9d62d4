"""Pictures of a test run as it was: how long each fixture lived, what was in the tables after each test.

    %%ipytest -p checker.pictures      records the run of a cell

    from checker import pictures
    pictures.lifetimes("url", "engine", "session")
    pictures.tables(users="email")

This module is the pytest plugin as well. A picture is one SVG in an `<img>`, on a ground of its own: it
looks the same in a light and a dark theme, and in a notebook that is not trusted. The same stands below it
in words.
"""

from __future__ import annotations

import base64
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from html import escape
from itertools import chain

import pytest

from checker.report.html import details
from checker.report.html import table as as_table
from checker.report.words import counted

TEST = "the test"
EMPTY = "empty"
DATABASE_FIXTURE = "url"
Tables = Mapping[str, tuple[Mapping[str, object], ...]]

# All lengths in pixels. A letter of the font is about so wide.
_STEP, _ROW, _LETTER, _MARGIN = 18, 30, 7.3, 12
_TEST_STEPS = 4
_GROUND, _INK, _FAINT = "#ffffff", "#1f2328", "#d0d7de"
_FIXTURE, _BODY, _STORED = ("#ddf4ff", "#0969da"), ("#fff8c5", "#9a6700"), ("#ffebe9", "#cf222e")


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
    """

    tests: tuple[Span, ...]
    bodies: tuple[Span, ...]
    fixtures: tuple[Span, ...]
    stored: tuple[Tables | None, ...]


@dataclass(frozen=True)
class Picture:
    """An SVG, a sentence that stands for it where it cannot be seen, and a table that says the same."""

    svg: str
    alt: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict[str, str]:
        source = base64.b64encode(self.svg.encode()).decode()
        address = f"data:image/svg+xml;base64,{source}"
        image = f'<img alt="{escape(self.alt)}" src="{address}" style="max-width: 100%">'
        rows = [tuple(map(escape, row)) for row in self.rows]
        words = details("The same in words", as_table(self.heads, rows, ""))
        return {"text/plain": self.alt, "text/html": image + words}


# Recording. pytest calls these when it is started with `-p checker.pictures`.


@dataclass
class _Recording:
    """The run that goes on, or went on last."""

    step: int = 0
    tests: list[Span] = field(default_factory=list)
    bodies: list[Span] = field(default_factory=list)
    fixtures: list[Span] = field(default_factory=list)
    stored: list[Tables | None] = field(default_factory=list)
    alive: dict[int, tuple[str, int]] = field(default_factory=dict)
    database: str = ""

    def next(self) -> int:
        self.step += 1
        return self.step

    def run(self) -> Run:
        fixtures = sorted(self.fixtures, key=lambda span: span.first)
        return Run(tuple(self.tests), tuple(self.bodies), tuple(fixtures), tuple(self.stored))


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
    try:
        return (yield)
    finally:
        _recording.bodies.append(Span(item.name, first, _recording.next()))


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


# Drawing.


def lifetimes(*names: str) -> Picture:
    """The lives of fixtures in the last run: a row a fixture, a column a test, time from left to right.

    `NothingToDraw` for a fixture that was not set up, naming those that were.
    """
    run = last_run()
    known = dict.fromkeys(span.name for span in run.fixtures if not span.name.startswith("_"))
    for name in names:
        if name not in known:
            raise NothingToDraw(f"No fixture `{name}` was set up in this run. Set up: {', '.join(known)}.")
    lives = {name: [span for span in run.fixtures if span.name == name] for name in names}
    left = _left_of((*names, TEST))
    x_of = {step: left + _STEP * place for step, place in _places(run, lives).items()}
    edges = [*(x_of[test.first] for test in run.tests), x_of[run.tests[-1].last]]
    bottom = _ROW * (len(names) + 2)
    parts = [_columns(run.tests, edges, bottom)]
    drawn = [*((name, lives[name], _FIXTURE) for name in names), (TEST, run.bodies, _BODY)]
    for place, (name, spans, colours) in enumerate(drawn, start=1):
        parts.append(_text(_MARGIN, _ROW * place, name))
        for span in spans:
            x, end = x_of[span.first], x_of[span.last]
            parts.append(_box(x, _ROW * place, end - x, colours))
    rows = tuple((name, _lived(lives[name], run.tests)) for name in names)
    said = " ".join(f"{name}: {words}." for name, words in rows)
    alt = f"Lifetimes of fixtures over {counted(len(run.tests), 'test')}. {said}"
    return Picture(_svg(edges[-1], bottom, parts), alt, ("Fixture", "Lives"), rows)


def _places(run: Run, lives: Mapping[str, Sequence[Span]]) -> dict[int, int]:
    """The place of each step that is drawn. A test itself gets more room than a set-up."""
    spans = [*run.tests, *run.bodies, *chain.from_iterable(lives.values())]
    bodies = {body.first for body in run.bodies}
    places, place = {}, 0
    for step in sorted({step for span in spans for step in (span.first, span.last)}):
        places[step] = place
        place += _TEST_STEPS if step in bodies else 1
    return places


def _lived(lives: Sequence[Span], tests: Sequence[Span]) -> str:
    """`a new one for each test`, or which tests each life saw."""
    seen = [
        [test.name for test in tests if life.first <= test.last and test.first <= life.last] for life in lives
    ]
    if len(tests) > 1 and len(seen) == len(tests) and all(len(names) == 1 for names in seen):
        return "a new one for each test"
    return "; ".join(f"one, from {names[0]} to {names[-1]}" if len(names) > 1 else names[0] for names in seen)


def tables(**columns: str) -> Picture:
    """What the database held after each test of the last run, from left to right.

    `tables(users="email")` shows the column `email` of the table `users`. The database is the SQLite file
    that the fixture `url` names. `NothingToDraw` where there is no such file, table or column.
    """
    run = last_run()
    held = [_held(stored, columns) for stored in run.stored]
    texts = [test.name for test in run.tests]
    texts += [value for one in held for values in one.values() for value in values]
    left, width = _left_of(tuple(columns)), _LETTER * max(map(len, texts)) + 2 * _MARGIN
    edges = [left + width * place for place in range(len(run.tests) + 1)]
    parts, top = [], _ROW
    for name in columns:
        parts.append(_text(_MARGIN, top, name))
        for edge, one in zip(edges, held, strict=False):
            for place, value in enumerate(one[name]):
                parts.append(_box(edge + _MARGIN / 2, top + _ROW * place, width - _MARGIN, _STORED))
                parts.append(_text(edge + _MARGIN, top + _ROW * place, value))
            if not one[name]:
                parts.append(_text(edge + _MARGIN, top, EMPTY))
        top += _ROW * max(1, *(len(one[name]) for one in held))
    rows = tuple(
        (test.name, *(", ".join(one[name]) or EMPTY for name in columns))
        for test, one in zip(run.tests, held, strict=True)
    )
    said = " ".join(
        f"After {test}: {', '.join(f'{name} {values}' for name, values in zip(columns, rest, strict=True))}."
        for test, *rest in rows
    )
    svg = _svg(edges[-1], top, [_columns(run.tests, edges, top), *parts])
    return Picture(svg, f"What is stored after each test. {said}", ("After", *columns), rows)


def _held(stored: Tables | None, columns: Mapping[str, str]) -> dict[str, list[str]]:
    if stored is None:
        raise NothingToDraw(
            f"The tests used no SQLite file that a fixture `{DATABASE_FIXTURE}` names, such as "
            "`sqlite+aiosqlite:////tmp/app.db`. What is in memory, its own session alone can see."
        )
    for name, column in columns.items():
        if name not in stored:
            raise NothingToDraw(f"There is no table `{name}`. There are: {', '.join(stored)}.")
        if any(column not in row for row in stored[name]):
            raise NothingToDraw(f"`{name}` has no column `{column}`. It has: {', '.join(stored[name][0])}.")
    return {name: sorted(str(row[column]) for row in stored[name]) for name, column in columns.items()}


def _left_of(names: Sequence[str]) -> float:
    """Where the columns begin: right of the longest of the names."""
    return _MARGIN * 2 + _LETTER * max(map(len, names))


def _columns(tests: Sequence[Span], edges: Sequence[float], bottom: float) -> str:
    """The names of the tests above their columns, a line between two."""
    names = [
        _text(edge + 4, 0, _fitting(test.name, after - edge))
        for test, edge, after in zip(tests, edges[:-1], edges[1:], strict=True)
    ]
    return "".join([*names, *(f'<path d="M{edge:g} 8V{bottom:g}" stroke="{_FAINT}"/>' for edge in edges)])


def _fitting(name: str, width: float) -> str:
    letters = int(width / _LETTER) - 1
    return name if len(name) <= letters else f"{name[: max(1, letters - 1)]}…"


def _box(x: float, top: float, width: float, colours: tuple[str, str]) -> str:
    fill, line = colours
    return (
        f'<rect x="{x:g}" y="{top + 4:g}" width="{width:g}" height="{_ROW - 8}" rx="4" fill="{fill}" '
        f'stroke="{line}" stroke-width="1.5"/>'
    )


def _text(x: float, top: float, text: str) -> str:
    return f'<text x="{x:g}" y="{top + _ROW / 2 + 4:g}">{escape(text)}</text>'


def _svg(right: float, bottom: float, parts: Sequence[str]) -> str:
    width, height = right + _MARGIN, bottom + _MARGIN
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}" height="{height:g}" '
        f'viewBox="0 0 {width:g} {height:g}" font-family="ui-monospace, Menlo, Consolas, monospace" '
        f'font-size="12" fill="{_INK}"><rect width="100%" height="100%" rx="6" fill="{_GROUND}"/>'
        f"{''.join(parts)}</svg>"
    )
