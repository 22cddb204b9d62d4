"""The folder of a trial by a name that is the same in each trial: a module that is imported ahead may hold it.

SQLAlchemy makes the path of an SQLite file absolute when an engine is created. An engine of a module that the warm
process imports would else lead every trial to one file, in the folder of the warm process.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

_DESCRIPTOR = 200
_DESCRIPTORS = "/proc/self/fd"
_NAME = f"{_DESCRIPTORS}/{_DESCRIPTOR}"


def stand_for() -> None:
    """Lets the name stand for the current folder, wherever the process goes later. What has the number loses it."""
    if os.path.isdir(_DESCRIPTORS):
        here = os.open(".", os.O_RDONLY)
        os.dup2(here, _DESCRIPTOR, inheritable=False)
        os.close(here)


@contextlib.contextmanager
def by_name() -> Iterator[None]:
    """In the block, who asks for the current folder gets the name. Raises `OSError` there if the system knows none."""

    def name() -> str:
        os.stat(_DESCRIPTORS)
        return _NAME

    asked, os.getcwd = os.getcwd, name
    try:
        yield
    finally:
        os.getcwd = asked
