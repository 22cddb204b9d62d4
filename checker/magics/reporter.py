"""What `%%ipytest` prints in place of pytest's terminal output: the same text on every run.

Names, outcomes, the first lines of an error with the line of the cell, warnings, what a failing test printed.
No times, paths or addresses, so that a stored output can be compared.
"""

from __future__ import annotations

import asyncio
import gc
import re
import sys
from collections import Counter
from collections.abc import Iterator
from typing import TextIO

import pytest

from checker.magics.places import Place, Places
from checker.report.words import counted

_ERROR_LINES = 12
_LINE_WIDTH = 160
_INDENT = " " * 8
_WORDS = (
    "failed",
    "error",
    "passed",
    "skipped",
    "xfailed",
    "xpassed",
    "deselected",
    "interrupted",
    "warning",
)
_NOUNS = ("error", "warning")
# Advice that fits a terminal, or that needs what a notebook has not.
_NOISE = (
    "Use -v to get",
    "Enable tracemalloc",
    "See https://docs.pytest.org/en/stable/how-to/capture-warnings",
)
_NEVER_AWAITED = re.compile(r"coroutine '[^']+' was never awaited")
_CREATED_AT = re.compile(r'^\s*File "(?P<file>.+)", line (?P<line>\d+)', re.MULTILINE)


class StableLines:
    """A text stream for pytest's own writer (`--setup-show`): passes on whole lines, made stable."""

    def __init__(self, out: TextIO, places: Places, prefix: str) -> None:
        self._out, self._places, self._prefix = out, places, prefix
        self._rest = ""

    def write(self, text: str) -> int:
        *lines, self._rest = (self._rest + text).split("\n")
        for line in filter(None, map(str.rstrip, lines)):
            self._put(line)
        return len(text)

    def end_line(self) -> None:
        """Pass on an unfinished line: what comes next is not part of it."""
        rest, self._rest = self._rest, ""
        if rest.strip():
            self._put(rest.rstrip())

    def flush(self) -> None:
        self._out.flush()

    def isatty(self) -> bool:
        return False

    def _put(self, line: str) -> None:
        self._out.write(self._places.stable(line.replace(self._prefix, "")) + "\n")


class Reporter:
    """A pytest plugin in the place of the terminal reporter. `module` is the file name that pytest collects.

    Set `stuck` when the run is interrupted: where it was. Set `closed` to silence it: a thread that was given
    up must not write into a later cell.
    """

    def __init__(self, out: TextIO, places: Places, module: str) -> None:
        self.places = places
        self.counts: Counter[str] = Counter()
        self.closed = False
        self.stuck: tuple[str, ...] | None = None
        self._out = out
        self._module = f"{module}::"
        self._lines = StableLines(out, places, self._module)
        self._warned: set[str] = set()
        self._running = ""

    # The hooks.

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        self._config = config
        if original := config.pluginmanager.get_plugin("terminalreporter"):
            config.pluginmanager.unregister(original)
        # pytest's `--setup-show` writes to the writer of the plugin of this name.
        self._tw = pytest.TerminalReporter(config, self._lines)._tw
        config.pluginmanager.register(_Writer(self._tw), "terminalreporter")

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self._running = _name(nodeid)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo):
        report = yield
        if call.excinfo is not None and report.failed:
            report.shown = list(self._explain(call.excinfo, report))
        if self.stuck is not None:
            item.session.shouldstop = "interrupted"
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        outcome = self._outcome(report)
        if outcome is None:
            return
        if self.stuck is not None and report.failed and not self.counts["interrupted"]:
            self._say_stopped(report)
            return
        self.counts[outcome] += 1
        during = f" (in {report.when})" if outcome == "error" else ""
        reason = (
            f": {_reason(report)}" if outcome in ("skipped", "xfailed", "xpassed") and _reason(report) else ""
        )
        self._say(f"{outcome.upper():<7} {_name(report.nodeid)}{_subtest(report)}{during}{reason}")
        if report.failed and self._option("tbstyle") != "no":
            for line in getattr(report, "shown", None) or str(report.longrepr).splitlines()[-3:]:
                self._say(_INDENT + line)
        if report.failed or set("AP") & set(self._option("reportchars") or ""):
            self._say_captured(report)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.counts["error"] += 1
            self._say("ERROR   while collecting the tests")
            for line in str(report.longrepr).strip().splitlines()[-_ERROR_LINES:]:
                self._say(_INDENT + line)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        if session.config.option.collectonly:
            for item in session.items:
                self._say(_name(item.nodeid))

    def pytest_deselected(self, items: list[pytest.Item]) -> None:
        self.counts["deselected"] += len(items)

    def pytest_warning_recorded(self, warning_message, when: str) -> None:
        text = str(warning_message.message)
        place = self._made_at(text) or self.places.of(warning_message.filename, warning_message.lineno)
        if when == "config" and place is None:
            return
        where = f"{place.where}: " if place else ""
        line = f"WARNING {where}{warning_message.category.__name__}: {_first_line(text)}"
        if line not in self._warned:
            self._warned.add(line)
            self.counts["warning"] += 1
            self._say(line)
            if place and place.source:
                self._say(_INDENT + place.source)

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo) -> None:
        if self.stuck is None:
            self._say(f"STOPPED {self._running}: {excinfo.exconly(tryshort=True)}")
        elif not self.counts["interrupted"]:
            self._say_stopped(None)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """Coroutines that nobody holds warn now, while warnings are recorded, not in a later cell."""
        for name in ("last_exc", "last_value", "last_traceback", "last_type"):
            if hasattr(sys, name):
                delattr(sys, name)
        gc.collect()

    # What the magic asks for.

    def summary(self) -> str:
        """`2 passed, 1 failed`, or why there is nothing to count."""
        parts = [
            counted(self.counts[word], word) if word in _NOUNS else f"{self.counts[word]} {word}"
            for word in _WORDS
            if self.counts[word]
        ]
        return ", ".join(parts) or "no tests: a test is a function in this cell whose name begins with test"

    @property
    def running(self) -> str:
        """The test that runs, or ran last."""
        return self._running

    # The text.

    def _say(self, line: str) -> None:
        if self.closed:
            return
        self._lines.end_line()
        line = self.places.stable(line.replace(self._module, "")).rstrip()
        self._out.write((line if len(line) <= _LINE_WIDTH else line[:_LINE_WIDTH] + "…") + "\n")

    def _say_stopped(self, report: pytest.TestReport | None) -> None:
        self.counts["interrupted"] += 1
        self._say(f"STOPPED {self._running}: interrupted")
        for place in self.stuck or ():
            self._say(f"{_INDENT}was at {place}")
        if report is not None:
            self._say_captured(report)

    def _say_captured(self, report: pytest.TestReport) -> None:
        for title, content in report.sections:
            if content.strip() and self._option("showcapture") != "no":
                self._say(f"{_INDENT}{title.lower()}:")
                for line in content.rstrip().splitlines()[:40]:
                    self._say(f"{_INDENT}  {line}")

    def _outcome(self, report: pytest.TestReport) -> str | None:
        if report.when != "call" and report.passed:
            return None
        if hasattr(report, "wasxfail"):
            return "xfailed" if report.skipped else "xpassed"
        if report.failed and report.when != "call":
            return "error"
        if report.passed and getattr(report, "context", None) is not None:
            return None
        return report.outcome

    def _explain(self, excinfo: pytest.ExceptionInfo, report: pytest.TestReport) -> Iterator[str]:
        entries = [(str(entry.path), entry.lineno + 1) for entry in excinfo.traceback]
        yield from map(str, self.places.among(entries))
        # pytest explains a missing fixture in its own object, with every fixture there is.
        missing = getattr(report.longrepr, "errorstring", None)
        message = missing.splitlines()[0] if missing else excinfo.exconly(tryshort=True)
        lines = [
            line for line in message.splitlines() if line.strip() and not line.lstrip().startswith(_NOISE)
        ]
        yield from lines[:_ERROR_LINES]
        if len(lines) > _ERROR_LINES:
            yield f"… {len(lines) - _ERROR_LINES} more lines"
        yield from _inner(excinfo.value)
        cause = excinfo.value.__cause__
        # By a cancellation a time limit ends what it bounds; whether it is named as the cause depends on the Python.
        if cause and not isinstance(cause, asyncio.CancelledError):
            yield from self._cause(cause)

    def _cause(self, cause: BaseException) -> Iterator[str]:
        place = self._made_at(str(cause))
        yield f"caused by {type(cause).__name__}: {_first_line(str(cause))}"
        if place:
            yield f"  {place}"

    def _made_at(self, text: str) -> Place | None:
        """Where a coroutine was made that nobody awaited; it is missed only later, in whatever then runs."""
        if not _NEVER_AWAITED.search(text):
            return None
        made = [(found["file"], int(found["line"])) for found in _CREATED_AT.finditer(text)]
        return next(iter(reversed(list(self.places.among(made)))), None)

    def _option(self, name: str) -> str:
        return getattr(self._config.option, name, "")


class _Writer:
    """The plugin that pytest asks for a terminal writer."""

    def __init__(self, writer) -> None:
        self._tw = writer


def _name(nodeid: str) -> str:
    return nodeid.partition("::")[2] or nodeid


def _subtest(report: pytest.TestReport) -> str:
    describe = getattr(report, "_sub_test_description", None)
    return f" {describe()}" if describe else ""


def _reason(report: pytest.TestReport) -> str:
    if hasattr(report, "wasxfail"):
        return report.wasxfail.removeprefix("reason: ")
    return str(report.longrepr[2]).removeprefix("Skipped: ") if isinstance(report.longrepr, tuple) else ""


def _inner(error: BaseException, depth: int = 1) -> Iterator[str]:
    """What a group of several errors holds; pytest itself shows the only error of a group."""
    inner = error.exceptions if isinstance(error, BaseExceptionGroup) else ()
    if depth == 1 and len(inner) == 1 and not isinstance(inner[0], BaseExceptionGroup):
        return
    for one in inner:
        yield f"{'  ' * depth}{type(one).__name__}: {_first_line(str(one))}"
        yield from _inner(one, depth + 1)


def _first_line(text: str) -> str:
    return next((line for line in text.splitlines() if line.strip()), "")
