"""What the pictures are made of: boxes and texts in an SVG, and the same in words."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from checker.pictures.recording import Span
from checker.report.html import details
from checker.report.html import table as as_table

# All lengths in pixels. A letter of the font is about so wide.
STEP, ROW, LETTER, MARGIN = 18, 30, 7.3, 12
GROUND, INK, FAINT = "#ffffff", "#1f2328", "#d0d7de"
Colours = tuple[str, str]


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


def left_of(names: Sequence[str]) -> float:
    """Where the columns begin: right of the longest of the names."""
    return MARGIN * 2 + LETTER * max(map(len, names))


def test_columns(tests: Sequence[Span], edges: Sequence[float], bottom: float) -> str:
    """The names of the tests above their columns, a line between two."""
    names = [
        text(edge + 4, 0, fitting(test.name, after - edge))
        for test, edge, after in zip(tests, edges[:-1], edges[1:], strict=True)
    ]
    return "".join([*names, *(f'<path d="M{edge:g} 8V{bottom:g}" stroke="{FAINT}"/>' for edge in edges)])


def fitting(name: str, width: float) -> str:
    """As much of the name as the width has room for."""
    letters = int(width / LETTER) - 1
    return name if len(name) <= letters else f"{name[: max(1, letters - 1)]}…"


def box(x: float, top: float, width: float, colours: Colours) -> str:
    """A bar in the row whose upper edge is `top`. `colours`: of its ground and of its line."""
    fill, line = colours
    return (
        f'<rect x="{x:g}" y="{top + 4:g}" width="{width:g}" height="{ROW - 8}" rx="4" fill="{fill}" '
        f'stroke="{line}" stroke-width="1.5"/>'
    )


def text(x: float, top: float, text: str) -> str:
    """A line of text in the row whose upper edge is `top`."""
    return f'<text x="{x:g}" y="{top + ROW / 2 + 4:g}">{escape(text)}</text>'


def image(right: float, bottom: float, parts: Sequence[str]) -> str:
    """The whole SVG; `right` and `bottom` are the edges of what is drawn."""
    width, height = right + MARGIN, bottom + MARGIN
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}" height="{height:g}" '
        f'viewBox="0 0 {width:g} {height:g}" font-family="ui-monospace, Menlo, Consolas, monospace" '
        f'font-size="12" fill="{INK}"><rect width="100%" height="100%" rx="6" fill="{GROUND}"/>'
        f"{''.join(parts)}</svg>"
    )
