"""Which engine serves here."""

from __future__ import annotations

import os

from checker.engine import Engine
from checker.engine.fresh import FreshEngine


def open_engine(*, fresh: bool = False, jobs: int | None = None) -> Engine:
    """The warm engine where there is fork, started at once in the background; else, or if asked, the fresh one."""
    if fresh or os.name != "posix":
        return FreshEngine(jobs)
    from checker.engine.warm import WarmEngine

    return WarmEngine(jobs)
