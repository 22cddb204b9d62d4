"""Solution markers in a cell of a solution notebook.

The lines from ``### BEGIN SOLUTION`` to ``### END SOLUTION`` are the reference; the others are the starter.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import takewhile

from checker.notebook.reader import NotebookError, shown

PLACEHOLDER = "# Your code here."

_MARKER = re.compile(r"[ \t]*### (?P<which>BEGIN|END) SOLUTION[ \t]*")
# A marker that is nearly right would hand the solution to the learner.
_NEAR_MARKER = re.compile(r"#\s*(?:BEGIN|END)[\s_-]*SOLUTIONS?\b", re.IGNORECASE)
_OPENS_BODY = re.compile(r".*:\s*(?:#.*)?")


class BuildError(NotebookError):
    """An exercise cannot be built. The message names the file, the cell, the line and the remedy."""


@dataclass(frozen=True)
class _Block:
    """Indices, from 0, of the lines of two markers."""

    begin: int
    end: int


def has_marker(source: str) -> bool:
    """Whether any line of ``source`` is a marker or looks like one."""
    return any(_NEAR_MARKER.search(line) for line in source.split("\n"))


def without_markers(source: str, where: str) -> str:
    """The reference: ``source`` without the lines of the markers. ``where`` begins error messages."""
    lines = source.split("\n")
    markers = {index for block in _blocks(lines, where) for index in (block.begin, block.end)}
    return "\n".join(line for index, line in enumerate(lines) if index not in markers)


def without_solutions(source: str, where: str) -> str:
    """The starter: each block of ``source`` becomes ``# Your code here.`` at the block's indentation.

    A block that is all there is under a ``def`` or another line that opens a body leaves ``...`` as well.
    """
    lines = source.split("\n")
    starter: list[str] = []
    after = 0
    for block in _blocks(lines, where):
        starter += lines[after : block.begin]
        indent = _indent(next(line for line in lines[block.begin + 1 : block.end] if line.strip()))
        starter.append(indent + PLACEHOLDER)
        if _is_whole_body(starter[:-1], lines[block.end + 1 :], indent):
            starter.append(indent + "...")
        after = block.end + 1
    return "\n".join(starter + lines[after:])


def _blocks(lines: list[str], where: str) -> list[_Block]:
    def error(index: int, reason: str) -> BuildError:
        return BuildError(f"{where}, line {index + 1}: {reason}")

    blocks: list[_Block] = []
    begin: int | None = None
    for index, line in enumerate(lines):
        marker = _MARKER.fullmatch(line)
        if marker is None:
            if _NEAR_MARKER.search(line):
                fix = "Write exactly `### BEGIN SOLUTION` or `### END SOLUTION`, alone on its line."
                raise error(index, f"`{shown(line.strip(), limit=60)}` is not a marker. {fix}")
        elif marker["which"] == "BEGIN":
            if begin is not None:
                opened = f"`### BEGIN SOLUTION` inside the block that line {begin + 1} opened"
                raise error(index, f"{opened}. Close that one first: blocks cannot be nested.")
            begin = index
        else:
            if begin is None:
                fix = "Write `### BEGIN SOLUTION` above it, or delete the line."
                raise error(index, f"`### END SOLUTION` without a beginning. {fix}")
            if not any(line.strip() for line in lines[begin + 1 : index]):
                raise error(begin, "the block is empty. Write the solution in it, or delete its markers.")
            blocks.append(_Block(begin, index))
            begin = None
    if begin is not None:
        fix = "Write `### END SOLUTION` below the solution."
        raise error(begin, f"`### BEGIN SOLUTION` is never closed. {fix}")
    return blocks


def _is_whole_body(above: list[str], below: list[str], indent: str) -> bool:
    opener = next((line for line in reversed(above) if _is_code(line)), "")
    follower = next((line for line in below if _is_code(line) or _MARKER.fullmatch(line)), "")
    opens = _OPENS_BODY.fullmatch(opener) is not None and len(_indent(opener)) < len(indent)
    return opens and len(_indent(follower)) < len(indent)


def _is_code(line: str) -> bool:
    return line.strip() != "" and not line.lstrip().startswith("#")


def _indent(line: str) -> str:
    return "".join(takewhile(str.isspace, line))
