"""What was in the tables after each test."""

from __future__ import annotations

from collections.abc import Mapping

from checker.pictures.drawing import LETTER, MARGIN, ROW, Picture, box, image, left_of, test_columns, text
from checker.pictures.recording import DATABASE_FIXTURE, NothingToDraw, Tables, last_run

EMPTY = "empty"
_STORED = ("#ffebe9", "#cf222e")


def tables(**columns: str) -> Picture:
    """What the database held after each test of the last run, from left to right.

    `tables(users="email")` shows the column `email` of the table `users`. The database is the SQLite file
    that the fixture `url` names. `NothingToDraw` where there is no such file, table or column.
    """
    run = last_run()
    held = [_held(stored, columns) for stored in run.stored]
    texts = [test.name for test in run.tests]
    texts += [value for one in held for values in one.values() for value in values]
    left, width = left_of(tuple(columns)), LETTER * max(map(len, texts)) + 2 * MARGIN
    edges = [left + width * place for place in range(len(run.tests) + 1)]
    parts, top = [], ROW
    for name in columns:
        parts.append(text(MARGIN, top, name))
        for edge, one in zip(edges, held, strict=False):
            for place, value in enumerate(one[name]):
                parts.append(box(edge + MARGIN / 2, top + ROW * place, width - MARGIN, _STORED))
                parts.append(text(edge + MARGIN, top + ROW * place, value))
            if not one[name]:
                parts.append(text(edge + MARGIN, top, EMPTY))
        top += ROW * max(1, *(len(one[name]) for one in held))
    rows = tuple(
        (test.name, *(", ".join(one[name]) or EMPTY for name in columns))
        for test, one in zip(run.tests, held, strict=True)
    )
    said = " ".join(
        f"After {test}: {', '.join(f'{name} {values}' for name, values in zip(columns, rest, strict=True))}."
        for test, *rest in rows
    )
    drawn = image(edges[-1], top, [test_columns(run.tests, edges, top), *parts])
    return Picture(drawn, f"What is stored after each test. {said}", ("After", *columns), rows)


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
