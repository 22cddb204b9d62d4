"""The kill matrix as a picture: which test caught which bug, a row a test, a column a bug."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from html import escape

from checker.pictures.drawing import Picture
from checker.report.words import bug_words, clean, counted, listed

# All lengths in pixels. A letter of the font is about so wide; the names of the bugs lean by so many degrees.
_LETTER, _CELL, _MARGIN = 7.3, 24, 12
_LEAN, _ACROSS, _UP = 55, 0.58, 0.82
_LONGEST = 60
_GROUND, _INK, _FAINT, _GRID = "#ffffff", "#1f2328", "#59636e", "#d0d7de"
_CAUGHT, _MISSED = ("#dafbe1", "#1a7f37"), "#cf222e"


def kill_matrix(caught: Mapping[str, Collection[str]], bugs: Sequence[str]) -> Picture:
    """The picture. `caught`: for each test, in their order, the names of the bugs that it caught.

    A filled square is a catch. The number at the end of a row counts the bugs of a test, that below a column the
    tests that caught a bug; a bug that none caught has a red 0.
    """
    names = {test: clean(test, _LONGEST) for test in caught}
    heads = [bug_words(bug) for bug in bugs]
    counts = [sum(bug in found for found in caught.values()) for bug in bugs]
    left = 2 * _MARGIN + _LETTER * max([len(name) for name in names.values()] + [len("tests that caught it")])
    top = _MARGIN + _LETTER * _UP * max(map(len, heads), default=0) + 6
    right = left + _CELL * len(bugs)
    bottom = top + _CELL * len(caught)
    parts = [_lines(left, top, right, bottom, len(caught), len(bugs))]
    for column, head in enumerate(heads):
        x = left + _CELL * (column + 0.5)
        parts.append(
            f'<text x="{x:g}" y="{top - 6:g}" transform="rotate(-{_LEAN} {x:g} {top - 6:g})">{escape(head)}</text>'
        )
        colour = _INK if counts[column] else _MISSED
        parts.append(_number(x, bottom, counts[column], colour, bold=not counts[column]))
    for row, (test, found) in enumerate(caught.items()):
        y = top + _CELL * row
        parts.append(_name(y, names[test], _INK if found else _FAINT))
        parts += [_square(left + _CELL * column, y) for column, bug in enumerate(bugs) if bug in found]
        parts.append(_number(right + _CELL / 2, y, len(found), _INK if found else _FAINT))
    parts.append(_name(bottom, "tests that caught it", _INK))
    slanted = _LETTER * _ACROSS * max(map(len, heads), default=0)
    width = right + max(slanted, _CELL) + _MARGIN
    return Picture(
        _svg(width, bottom + _CELL + _MARGIN, parts),
        _said(caught, bugs, heads, counts),
        ("Test", "Bugs that it caught"),
        tuple(
            (names[test], ", ".join(bug_words(bug) for bug in bugs if bug in found) or "none")
            for test, found in caught.items()
        ),
    )


def _said(
    caught: Mapping[str, Collection[str]], bugs: Sequence[str], heads: Sequence[str], counts: Sequence[int]
) -> str:
    found = sum(map(bool, counts))
    said = f"Kill matrix. {counted(len(caught), 'test')}, {found} of {counted(len(bugs), 'bug')} caught."
    for bug, head in zip(bugs, heads, strict=True):
        by = tuple(clean(test, _LONGEST) for test, found in caught.items() if bug in found)
        said += f" {head}: {'caught by ' + listed(by) if by else 'missed'}."
    return said


def _lines(left: float, top: float, right: float, bottom: float, rows: int, columns: int) -> str:
    across = [f"M{left:g} {top + _CELL * row:g}H{right:g}" for row in range(rows + 1)]
    down = [f"M{left + _CELL * column:g} {top:g}V{bottom:g}" for column in range(columns + 1)]
    return f'<path d="{"".join(across + down)}" stroke="{_GRID}" fill="none"/>'


def _square(x: float, y: float) -> str:
    fill, line = _CAUGHT
    mark = f"M{x + 7:g} {y + 12.5:g}l3.5 3.5l6.5 -8"
    return (
        f'<rect x="{x + 3:g}" y="{y + 3:g}" width="{_CELL - 6}" height="{_CELL - 6}" rx="3" fill="{fill}" '
        f'stroke="{line}"/><path d="{mark}" stroke="{line}" stroke-width="2" fill="none"/>'
    )


def _name(y: float, text: str, colour: str) -> str:
    return f'<text x="{_MARGIN}" y="{y + 16:g}" fill="{colour}">{escape(text)}</text>'


def _number(x: float, y: float, number: int, colour: str, *, bold: bool = False) -> str:
    weight = ' font-weight="bold"' if bold else ""
    return f'<text x="{x:g}" y="{y + 16:g}" text-anchor="middle" fill="{colour}"{weight}>{number}</text>'


def _svg(width: float, height: float, parts: Sequence[str]) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" font-family="ui-monospace, Menlo, Consolas, monospace" '
        f'font-size="12" fill="{_INK}"><rect width="100%" height="100%" rx="6" fill="{_GROUND}"/>'
        f"{''.join(parts)}</svg>"
    )
