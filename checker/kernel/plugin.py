"""A pytest plugin for the process that runs nbval: exercise cells are judged by their verdict alone.

A right answer has other tests than the reference, so its report differs in all but what it says
first: `Done.`
It also lets nbval speak with a kernel in a sandbox, and puts the reason of each failure into the JUnit report.
"""

from __future__ import annotations

import os
from collections import defaultdict
from functools import partial

import pytest

from checker.engine.family import die_with_parent
from checker.kernel import SOCKETS
from checker.notebook.answers import METADATA_KEY

PLAIN = "text/plain"
MEMORY = 4 * 2**30  # bytes for the process that reads what a stranger's kernel says


def pytest_configure() -> None:
    """Let nbval speak with a kernel in a sandbox: its network is closed, so it listens at files."""
    where = os.environ.get(SOCKETS)
    if where:
        import resource

        import nbval.kernel

        die_with_parent()
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        nbval.kernel.KernelManager = partial(nbval.kernel.KernelManager, transport="ipc", ip=where)


def pytest_collection_modifyitems(items: list) -> None:
    """Judge exercise cells by their verdict; obey no comment that the learner may have written."""
    for item in items:
        own = item.cell.metadata[METADATA_KEY]
        if not own["trusted"]:
            item.options = defaultdict(bool, check=item.parent.compare_outputs)
        if own["role"] == "exercise":
            item.compare_outputs = _SameVerdict(item)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_makereport(item, call) -> None:
    """Put the reason of a failure into the JUnit report, and stop at a cell that never ends."""
    if call.excinfo is not None and call.when == "call":
        error = call.excinfo.value
        item.user_properties.append(("reason", str(error)))
        item.user_properties.append(("detail", str(getattr(error, "inner_traceback", "") or "")))
        if item.parent.timed_out or not item.parent.kernel.is_alive():
            item.session.shouldstop = "the kernel is stuck or gone"


class _SameVerdict:
    """Compares the outputs of an exercise cell, in nbval's place."""

    def __init__(self, item) -> None:
        self._item = item

    def __call__(self, test, ref) -> bool:
        self._item.comparison_traceback = [_said(test)]
        return _verdict(test) == _verdict(ref)


def _verdict(outputs) -> str:
    """The first sentence of a report's second line; the first line is the exercise's title."""
    lines = _said(outputs).split("\n")
    return lines[1].split(".")[0] if len(lines) > 1 else ""


def _said(outputs) -> str:
    texts = [output.data[PLAIN] for output in outputs if PLAIN in output.get("data", {})]
    streams = [output.text for output in outputs if "text" in output]
    return "\n".join([*texts, *streams])
