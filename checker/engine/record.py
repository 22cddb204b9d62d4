"""Turns the events that a trial sends into a `Record`. Nothing from the other side is believed before it is checked."""

from __future__ import annotations

import json
from dataclasses import replace

from checker.engine import Record, TestRun

LARGEST = 4 * 2**20
_OUTCOMES = ("passed", "failed", "errored", "timed_out", "not_collected")
_REASONS = ("", "skipped", "xfailed", "xpassed")


class Unreadable(Exception):
    """The channel carried something that is not a record."""


class Events:
    """Collects a trial's events as they arrive. `running` is the test that began last and did not end.

    `entered`: the trial's process is in its sandbox; `prepared`: its files are written. It says so before anything of
    the learner's runs.
    """

    def __init__(self) -> None:
        self.tests: list[TestRun] = []
        self.problems: list[tuple[str, int, str]] = []
        self.warnings: list[str] = []
        self.stray: list[tuple[str, int, str]] = []
        self.running = ""
        self.code: int | None = None
        self.ran: dict = {}
        self.broken = ""
        self.entered = self.prepared = False
        self._rest = b""
        self._size = 0

    def feed(self, data: bytes) -> None:
        """Takes the next bytes of the channel. After a breach nothing more is read."""
        self._size += len(data)
        if self._size > LARGEST:
            self.broken = self.broken or f"sent more than {LARGEST // 2**20} MiB"
        if self.broken:
            return
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            try:
                self._take(json.loads(line))
            except (ValueError, KeyError, TypeError, AttributeError, RecursionError, Unreadable):
                self.broken = "sent something that is not a record"
                return

    def _take(self, event: dict) -> None:
        kind = event["event"]
        if self.code is not None:
            raise Unreadable
        if kind == "entered":
            self.entered = True
        elif kind == "prepared":
            self.prepared = True
        elif kind == "start":
            self.running = _text(event["id"])
        elif kind == "result":
            self.tests.append(_test(event))
            self.running = ""
        elif kind == "problem":
            self.problems.append((_text(event["path"]), _number(event["line"]), _text(event["message"])))
        elif kind == "warning":
            text = _text(event["text"])
            self.warnings.append(text)
            if event.get("line"):
                name = text.split("'")[1:2]
                self.stray += [(_text(event["id"]), _number(event["line"]), one) for one in name]
        elif kind == "end":
            self.code, self.ran = _number(event["code"]), dict(event["ran"])
        elif kind != "collected":
            raise Unreadable

    def record(self, *, timed_out: bool, exit_code: int, output: str, left: list[str]) -> Record:
        """What happened, seen from outside: the events, and how the process ended."""
        tests = list(self.tests)
        if self.broken:
            return Record("died", exit_code=exit_code, output=output, culprit=self.broken, prepared=self.prepared)
        if timed_out:
            if self.running:
                tests.append(TestRun(self.running, "timed_out"))
            end = "timed_out"
        elif self.code is None:
            end = "died"
        else:
            end = "usage" if self.code in (3, 4) and not tests else "finished"
        return Record(
            end,
            _with_stray(tests, self.stray),
            tuple(self.problems),
            tuple(self.warnings),
            {**self.ran, "left": left},
            exit_code if self.code is None else self.code,
            output,
            self.running,
            self.prepared,
        )


def _with_stray(tests: list[TestRun], stray: list[tuple[str, int, str]]) -> tuple[TestRun, ...]:
    """A coroutine, (id, line, name), that is dropped after its test ended is counted for the test that pytest names."""
    for id, line, name in stray:
        for place, test in enumerate(tests):
            if test.id == id and (line, name) not in test.unawaited:
                tests[place] = replace(test, unawaited=(*test.unawaited, (line, name)))
    return tuple(tests)


def _test(event: dict) -> TestRun:
    outcome, reason = event["outcome"], event.get("reason", "")
    if outcome not in _OUTCOMES or reason not in _REASONS:
        raise Unreadable
    return TestRun(
        id=_text(event["id"]),
        outcome=outcome,
        reason=reason,
        error=_text(event.get("error", "")),
        message=_text(event.get("message", "")),
        explanation=_text(event.get("explanation", "")),
        lines=tuple((_text(path), _number(line)) for path, line in event.get("lines", [])),
        in_program=bool(event.get("in_program", False)),
        called=tuple(dict.fromkeys(_text(name) for name in event["called"])),
        reached=tuple(dict.fromkeys(_text(name) for name in event["reached"])),
        unawaited=tuple((_number(line), _text(name)) for line, name in event["unawaited"]),
        lost=tuple((_number(line), _text(text)) for line, text in event["lost"]),
        properties=dict(event.get("properties", {})),
    )


def _text(value: object) -> str:
    if not isinstance(value, str) or len(value) > 20000:
        raise Unreadable
    return value


def _number(value: object) -> int:
    if not isinstance(value, int) or abs(value) > 10**9:
        raise Unreadable
    return value
