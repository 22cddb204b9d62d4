"""Which engine serves here."""

from __future__ import annotations

import os

from checker.engine import Engine, EngineError
from checker.engine.databases import WithDatabases
from checker.engine.fresh import FreshEngine
from checker.engine.isolation import Isolation, class_tier

CLASS_BRANCHES = 24  # more than any exercise has versions


def open_engine(*, fresh: bool = False, jobs: int | None = None, branches: int = 0) -> Engine:
    """The warm engine where there is fork, started at once in the background; else, or if asked, the fresh one.

    It is of the tier *own machine*. `branches`: see `checker.engine.warm`.
    """
    if fresh or os.name != "posix":
        return WithDatabases(FreshEngine(jobs))
    from checker.engine.warm import WarmEngine

    return WithDatabases(WarmEngine(jobs, branches=branches))


def open_class_engine(*, jobs: int | None = None) -> Engine:
    """An engine for strangers' code: each trial in a sandbox that was tried out just now.

    Raises `NoSandbox`, which says what is absent or what was not contained.
    """
    from checker.engine.probe import probe
    from checker.engine.sandbox import Builder, NoSandbox
    from checker.engine.warm import WarmEngine

    engine = WarmEngine(jobs, Builder(), branches=CLASS_BRANCHES)
    try:
        facts = probe(engine)
        if facts.failed:
            raise NoSandbox(f"a sandbox was tried out and does not hold: {', and '.join(facts.failed)}.")
    except BaseException as error:
        engine.close()
        if isinstance(error, EngineError) and not isinstance(error, NoSandbox):
            raise NoSandbox(str(error)) from error
        raise
    engine.isolation = Isolation(class_tier(), facts)
    return engine
