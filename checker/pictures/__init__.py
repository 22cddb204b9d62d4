"""Pictures of a test run as it was: fixtures' lives, what was in the tables after each test, which task ran when;
and of what a suite caught: `kill_matrix`.

    %%ipytest -p checker.pictures      records the run of a cell

    from checker import pictures
    pictures.lifetimes("url", "engine", "session")
    pictures.tables(users="email")
    pictures.timeline()

This package is the pytest plugin as well. A picture is one SVG in an `<img>`, on a ground of its own: it
looks the same in a light and a dark theme, and in a notebook that is not trusted. The same stands below it
in words.

PYTEST_DONT_REWRITE: the magics import it before pytest does, and it asserts nothing.
"""

from checker.pictures.database import tables
from checker.pictures.drawing import Picture
from checker.pictures.fixtures import lifetimes
from checker.pictures.matrix import kill_matrix
from checker.pictures.recording import (
    NothingToDraw,
    last_run,
    pytest_fixture_post_finalizer,
    pytest_fixture_setup,
    pytest_runtest_call,
    pytest_runtest_protocol,
    pytest_runtest_teardown,
    pytest_sessionstart,
)
from checker.pictures.tasks import timeline

__all__ = [
    "NothingToDraw",
    "Picture",
    "kill_matrix",
    "last_run",
    "lifetimes",
    "pytest_fixture_post_finalizer",
    "pytest_fixture_setup",
    "pytest_runtest_call",
    "pytest_runtest_protocol",
    "pytest_runtest_teardown",
    "pytest_sessionstart",
    "tables",
    "timeline",
]
