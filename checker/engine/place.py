"""The folder of a trial by a name that is the same in each trial: a module that is imported ahead may hold it.

SQLAlchemy makes the path of an SQLite file absolute when an engine is created. An engine of a module that the warm
process imports would else lead every trial to one file, in the folder of the warm process.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

_DESCRIPTORS = "/proc/self/fd"
_held: int | None = None


def hold() -> None:
    """Opens the current folder, in the warm process: the name goes by the descriptor's number, which stays taken."""
    global _held
    _held = os.open(".", os.O_RDONLY)


def stand_for() -> None:
    """Lets the name stand for the current folder, in a fork of the warm process, wherever it goes later."""
    here = os.open(".", os.O_RDONLY)
    os.dup2(here, _held, inheritable=False)
    os.close(here)


@contextlib.contextmanager
def by_name() -> Iterator[None]:
    """In the block, who asks for the current folder gets the name. Raises `OSError` there if the system knows none."""

    def name() -> str:
        os.stat(_DESCRIPTORS)
        return f"{_DESCRIPTORS}/{_held}"

    asked, os.getcwd = os.getcwd, name
    try:
        yield
    finally:
        os.getcwd = asked
