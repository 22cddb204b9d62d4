"""The pytest plugin of a trial: it notes what each test did and sends it, line by line, as JSON.

Runs in the trial's process beside the learner's code, imports nothing of the checker, decides nothing.
"""

from __future__ import annotations

import copy
import gc
import hashlib
import logging
import os
import re
import sys
import warnings
from pathlib import Path

import pytest
from _pytest.fixtures import FixtureLookupError
from _pytest.reports import TestReport

_CAP = 6000
_ADDRESS = re.compile(r"0x[0-9a-f]{6,}|(?<=id=')\d{9,}(?=')")
# Begins where a word does: elsewhere a long text without blanks would be searched once for each of its characters.
_LIBRARIES = re.compile(r"(?<![^\s'\"<>=(])[^\s'\"<>=(]*/(?:site-packages|lib/python3\.\d+)/")
_LIBRARY_LINE = re.compile(r"(/(?:site-packages|lib/python3\.\d+)/[^\s'\":]+\.py):\d+(?=:)")
_SQL_VALUES = re.compile(r"^(?:E +)?\[parameters: .*\n?", re.MULTILINE)
_OWN_LINE = re.compile(r"^(test_\w+\.py|conftest\.py):(\d+): in", re.MULTILINE)


_LONGEST_ID = 300
_MOST_WARNINGS = 200


def _short(nodeid: str) -> str:
    """A test's name as it is sent: pytest takes a parameter of any length into it. Different ones stay different."""
    if len(nodeid) <= _LONGEST_ID:
        return nodeid
    return f"{nodeid[: _LONGEST_ID - 20]}…{hashlib.sha256(nodeid.encode()).hexdigest()[:12]}]"


def _capped(text: str) -> str:
    return text if len(text) <= _CAP else text[: _CAP // 2] + "\n…\n" + text[-_CAP // 2 :]


class Recorder:
    """Sends events through `send(dict)`: start, result, problem, warning, collected, end."""

    def __init__(self) -> None:
        self.current: dict | None = None
        self.calling = False
        self.warned = 0
        self.config = self.session = None

    def begin(self, job: dict, send) -> None:
        """From here on it is this trial's: the rest of it may have been made, and registered, before."""
        self.folder = Path(job["folder"])
        self.order, self.repeat = job["order"], job["repeat"]
        self.first, self.until = frozenset(job["first"]), frozenset(job["until"])
        self.explain = job["explain"]
        self.send = send

    # The session

    def pytest_configure(self, config) -> None:
        self.config = config
        handler = logging.Handler(logging.ERROR)
        handler.emit = self._asyncio_error
        logging.getLogger("asyncio").addHandler(handler)
        config.add_cleanup(lambda: logging.getLogger("asyncio").removeHandler(handler))
        sys.set_coroutine_origin_tracking_depth(3)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items) -> None:
        if self.order == "reversed":
            items.reverse()
        if self.first:
            items.sort(key=lambda item: item.nodeid.split("[")[0] not in self.first)
        first = list(items)
        for _ in range(self.repeat - 1):
            for item in first:
                twin = copy.copy(item)
                if isinstance(item.parent, pytest.Class):
                    for name in ("_obj", "_instance"):  # as each test, each repetition has an instance of its own
                        twin.__dict__.pop(name, None)
                twin._initrequest()
                items.append(twin)

    def pytest_collection_finish(self, session) -> None:
        self.session = session
        gc.freeze()  # what is loaded stays; pytest's looks for garbage would go through all of it
        self.send({"event": "collected", "ids": [_short(item.nodeid) for item in session.items][:2000]})

    def pytest_collectreport(self, report) -> None:
        if report.failed:
            text = self._clean(str(report.longrepr))
            own = list(_OWN_LINE.finditer(text))
            self.send(
                {
                    "event": "problem",
                    "path": report.nodeid,
                    "line": int(own[-1][2]) if own else 0,
                    "message": _capped(text[own[0].start() :] if own else text),
                }
            )
        elif report.skipped:
            self.send({"event": "problem", "path": report.nodeid, "line": 0, "message": "skipped"})

    def _clean(self, text: str) -> str:
        """Without what differs from run to run: folders, library lines, addresses, the values of an SQL statement."""
        text = _LIBRARY_LINE.sub(r"\1", text.replace(f"{self.folder}{os.sep}", ""))
        text = _LIBRARIES.sub("", text)
        return _SQL_VALUES.sub("", _ADDRESS.sub("0x…", text))

    def _own(self, path: Path) -> bool:
        """Whether a frame's file is a test or a conftest of this trial, not the program under test."""
        name = path.name
        return self.folder in path.parents and (name == "conftest.py" or name.startswith("test_"))

    # One test

    def pytest_runtest_logstart(self, nodeid) -> None:
        self.current = {
            "event": "result",
            "id": _short(nodeid),
            "outcome": "passed",
            "unawaited": [],
            "lost": [],
            "called": {},
            "reached": {},
        }
        self.send({"event": "start", "id": _short(nodeid)})

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self):
        self.calling = True
        try:
            return (yield)
        finally:
            self.calling = False

    def note(self, function: str) -> None:
        """A watched function runs, for a test or for its fixtures."""
        if self.current is not None:
            self.current["reached"][function] = None
            if self.calling:
                self.current["called"][function] = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_makereport(self, item, call):
        """A report of our own: plain where nobody reads it, since formatting can cost more than the test did."""
        if call.excinfo is None and getattr(item, "_excinfo", None):
            call.excinfo = item._excinfo.pop(0)  # where pytest keeps what happened in a test of unittest's
        if call.excinfo is None or call.excinfo.errisinstance(pytest.skip.Exception):
            return None
        self._failure(call)
        if item.get_closest_marker("xfail"):
            return None
        words = self._explanation(item, call.excinfo) if self.explain else _words(call.excinfo.value)
        # pytest's summary goes through it character by character.
        return TestReport(item.nodeid, item.location, {}, "failed", _capped(words), call.when)

    def _explanation(self, item, excinfo) -> str:
        """pytest's own words, without the frames of libraries: a learner can change only what is in the folder."""
        if isinstance(excinfo.value, FixtureLookupError):
            return str(item.repr_failure(excinfo))
        within = excinfo.traceback.filter(self._inside)
        if not within:
            return "\n".join(f"E   {line}" for line in excinfo.exconly().splitlines())
        return str(excinfo.getrepr(style="short", tbfilter=lambda _: within, chain=False))

    def _inside(self, entry) -> bool:
        """Whether the file of a traceback's entry lies in the folder. `pathlib` would take as long as many a test."""
        path = os.path.join(self.folder, entry.frame.code.raw.co_filename)
        return path.startswith(f"{self.folder}{os.sep}") and os.path.isfile(path)

    def _failure(self, call) -> None:
        if self.current is None or "error" in self.current:
            return
        error = call.excinfo.value
        frames = list(call.excinfo.traceback)
        leaves = _leaves(error)
        if leaves != [error] and all(isinstance(leaf, TimeoutError) for leaf in leaves):
            # A time limit inside a task group raises a group of nothing else: it ran out all the same.
            for leaf in leaves:
                frames += pytest.ExceptionInfo.from_exception(leaf).traceback
            error = leaves[0]
        within = list(filter(self._inside, frames))
        lines = [
            (path.name, entry.lineno + 1)
            for entry in within
            if self._own(path := self.folder / entry.frame.code.raw.co_filename)
        ]
        # pytest itself refuses a set-up so: an async fixture that no plugin handles, a scope that is too narrow.
        refused = call.when == "setup" and isinstance(error, pytest.fail.Exception) and not error.pytrace
        self.current.update(
            error=type(error).__name__,
            asserted=_asserted(error) and not refused,
            lines=lines[-30:],
            in_program=len(lines) < len(within),
            message=_capped(self._clean(_capped(_words(error)))),
        )

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_runtest_logreport(self, report):
        result = yield
        now = self.current
        if now is None:
            return result
        if report.skipped:
            now.update(
                outcome="not_collected", reason="xfailed" if hasattr(report, "wasxfail") else "skipped"
            )
        elif report.passed and hasattr(report, "wasxfail"):
            now.update(outcome="not_collected", reason="xpassed")
        elif report.failed and now["outcome"] == "passed":
            now["outcome"] = "failed" if now.get("asserted") else "errored"
            if self.explain:
                now["explanation"] = _capped(self._clean(_capped(report.longreprtext)))
        if report.when == "teardown":
            now["properties"] = {str(key): value for key, value in report.user_properties}
        return result

    def pytest_runtest_logfinish(self, nodeid) -> None:
        if self.current is not None:
            noted = {name: list(self.current[name]) for name in ("called", "reached")}
            self.send({**self.current, **noted})
            if self.current["outcome"] in self.until:
                # Not `shouldstop`, an interruption: pytest would write a traceback of it, which costs 60 ms.
                self.session.shouldfail = "the trial has shown what it is for"

    # What a test says without failing

    def pytest_warning_recorded(self, warning_message, nodeid) -> None:
        text = str(warning_message.message)
        found = re.match(r"coroutine '([^']+)' was never awaited", text)
        if not found:
            self.warned += 1
            if self.warned > _MOST_WARNINGS:
                return
            self.send({"event": "warning", "text": _capped(f"{warning_message.category.__name__}: {text}")})
            return
        created = [(int(line), path) for path, line in re.findall(r'File "([^"]+)", line (\d+)', text)]
        own = [line for line, path in created if self._own(self.folder / path)]
        innermost_own = bool(created) and self._own(self.folder / created[-1][1])
        line = own[-1] if own and innermost_own else 0
        if not created:
            path = self.folder / warning_message.filename
            line = warning_message.lineno if self._own(path) else 0
        if self.current is not None and line:
            self.current["unawaited"].append([line, found[1]])
        self.send(
            {
                "event": "warning",
                "text": f"RuntimeWarning: coroutine '{found[1]}' was never awaited",
                "id": _short(nodeid),
                "line": line,
            }
        )

    def _asyncio_error(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        if self.current is None or error is None or "never retrieved" not in record.getMessage():
            return
        line, trace = 0, error.__traceback__
        while trace:
            if self._own(self.folder / trace.tb_frame.f_code.co_filename):
                line = trace.tb_lineno
            trace = trace.tb_next
        self.current["lost"].append([line, f"{type(error).__name__}: {str(error)[:200]}"])

    def broke(self, error: BaseException) -> None:
        """pytest itself stopped with an error, as it can while it shuts down. What its tests did is known already."""
        self.send({"event": "warning", "text": _capped(f"{type(error).__name__}: {error}")})

    def plain_warning(self, message, category, filename, lineno, file=None, line=None) -> None:
        """Takes the place of `warnings.showwarning`: what is said before pytest listens."""
        self.send({"event": "warning", "text": _capped(f"{category.__name__}: {message}")})

    # The end

    def finish(self, code: int) -> None:
        """Sends the last event: pytest's exit code, and what else is to be known of the whole run."""
        self.send({"event": "end", "code": int(code), "ran": self.facts()})

    def facts(self) -> dict:
        """What is to be known of the whole run, as JSON."""
        return {}


def _asserted(error: BaseException) -> bool:
    """An assertion, `pytest.fail`, a `raises` that did not raise; or a group of nothing else."""
    return all(isinstance(leaf, (AssertionError, pytest.fail.Exception)) for leaf in _leaves(error))


def _leaves(error: BaseException) -> list[BaseException]:
    """The errors that a group carries, those of its groups too; of another error, itself."""
    if not isinstance(error, BaseExceptionGroup):
        return [error]
    return [leaf for one in error.exceptions for leaf in _leaves(one)]


def _words(error: BaseException) -> str:
    """What an exception says of itself; it may be one of a learner's own that fails at that."""
    try:
        return str(error)
    except Exception:
        return f"{type(error).__name__}, which cannot be shown"


def listen(recorder: Recorder) -> None:
    """Routes warnings that are shown before pytest captures them to the recorder."""
    warnings.showwarning = recorder.plain_warning
