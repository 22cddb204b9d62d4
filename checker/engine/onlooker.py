"""The plugin of a trial that runs a command line: it notes also what the command did, however it was spelled.

It changes nothing of what pytest says: that is what somebody looks at who wrote the command.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from recorder import Recorder


class Onlooker(Recorder):
    """Its last event carries, under `ran`:

    `bodies`: tests whose body ran; `planned`: tests whose fixtures were shown as they were set up; `shown`: tests of
    which something was printed in the terminal while their body ran (all three as node ids);
    `verbose`: whether each test got a line; `stopped`: whether pytest ended before all tests had their turn;
    `slowest`: how many durations were listed; `measured`: the files that coverage was measured of, relative.
    """

    def __init__(self) -> None:
        super().__init__()
        self.terminal = os.dup(1)
        self.stdout = sys.stdout
        self.ran: dict = {"bodies": [], "planned": [], "shown": [], "slowest": 0, "stopped": False}

    def pytest_configure(self, config) -> None:
        super().pytest_configure(config)
        sys.set_coroutine_origin_tracking_depth(0)

    def _written(self) -> int:
        """How many bytes have reached the file that stands for the terminal."""
        self.stdout.flush()
        return os.fstat(self.terminal).st_size

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_makereport(self, item, call):
        """The report is pytest's own, with its duration and with what was printed."""
        if call.excinfo is not None and not call.excinfo.errisinstance(pytest.skip.Exception):
            self._failure(call)
        return None

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logstart(self, nodeid) -> None:
        super().pytest_runtest_logstart(nodeid)
        # What pytest wrote so far must not be mistaken for what the test prints.
        self.stdout.flush()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item):
        __tracebackhide__ = True
        self.ran["bodies"].append(item.nodeid)
        before = self._written()
        try:
            return (yield)
        finally:
            if self._written() > before:
                self.ran["shown"].append(item.nodeid)

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, request):
        __tracebackhide__ = True
        if request.config.getoption("setupshow", False) and self.current is not None:
            self.ran["planned"].append(self.current["id"])
        return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_terminal_summary(self, terminalreporter):
        result = yield
        option = terminalreporter.config.option
        if option.durations is not None:
            least = option.durations_min
            if least is None:
                least = 0.005 if terminalreporter.config.get_verbosity() < 2 else 0.0
            took = [
                report.duration
                for reports in terminalreporter.stats.values()
                for report in reports
                if hasattr(report, "duration")
            ]
            listed = sorted(took, reverse=True)[: option.durations or None]
            self.ran["slowest"] = sum(duration >= least for duration in listed)
        return result

    def pytest_sessionfinish(self, session) -> None:
        self.ran["stopped"] = bool(session.shouldfail or session.shouldstop)

    def facts(self) -> dict:
        if self.config is None:
            return self.ran
        return self.ran | {
            "planned": list(dict.fromkeys(self.ran["planned"])),
            "verbose": self._names_each_test(),
            "measured": sorted(self._measured()),
        }

    def _names_each_test(self) -> bool:
        """As they run (`-v`), or in the list at the end (`-rA`)."""
        reporter = self.config.pluginmanager.get_plugin("terminalreporter")
        if reporter is None:
            return False
        if self.config.get_verbosity(self.config.VERBOSITY_TEST_CASES) >= 1:
            return True
        letters = {"passed": "p", "failed": "f", "error": "E", "skipped": "s", "xfailed": "x", "xpassed": "X"}
        wanted = {letters[kind] for kind in letters if reporter.stats.get(kind)} | {"p"}
        return wanted <= set(reporter.reportchars) and not reporter.no_summary

    def _measured(self) -> set[str]:
        controller = getattr(self.config.pluginmanager.get_plugin("_cov"), "cov_controller", None)
        coverage = getattr(controller, "cov", None)
        if coverage is None:
            return set()
        return {Path(os.path.relpath(path, self.folder)).as_posix() for path in coverage.get_data().measured_files()}
