"""Where something happened, the same on every run: a line of this cell, of another, of the project."""

from __future__ import annotations

import linecache
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from checker.report.stable import stable

_CELL = re.compile(r"[^\s'\"(]*ipykernel_\d+[/\\]\d+\.py|<ipython-input-[^>]*>")


@dataclass(frozen=True)
class Place:
    """A line of the learner's. `where` is `line 7`, `another cell, line 3` or `app/main.py, line 12`."""

    where: str
    source: str

    def __str__(self) -> str:
        return f"{self.where}: {self.source}" if self.source else self.where


@dataclass(frozen=True)
class Places:
    """Knows which files are the learner's: `cell` is the file name of its code, `root` the project."""

    cell: str
    root: Path

    def of(self, filename: str, line: int) -> Place | None:
        """The place, or None inside a library."""
        if filename == self.cell:
            where = f"line {line}"
        elif _CELL.fullmatch(filename):
            where = f"another cell, line {line}"
        elif (path := Path(filename)).is_relative_to(self.root / "app"):
            where = f"{path.relative_to(self.root).as_posix()}, line {line}"
        else:
            return None
        return Place(where, linecache.getline(filename, line).strip())

    def among(self, lines: Iterable[tuple[str, int]]) -> Iterator[Place]:
        """Those of the lines that are the learner's."""
        for filename, line in lines:
            if place := self.of(filename, line):
                yield place

    def stable(self, text: str) -> str:
        """`text` without what differs from run to run: addresses, task numbers, paths."""
        text = text.replace(self.cell, "this cell")
        return stable(_CELL.sub("another cell", text).replace(f"{self.root}/", ""))
