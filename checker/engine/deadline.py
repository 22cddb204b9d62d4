"""When a trial has had its time."""

from __future__ import annotations

import time

from checker.engine import Trial
from checker.engine.processes import slowness

START_SECONDS = 10.0
TESTS_AT_LEAST = 12


class Deadline:
    """A limit for each step (the start, then each test) and one for the whole, stretched on a busy machine."""

    def __init__(self, trial: Trial) -> None:
        stretch = slowness()
        self.step = trial.seconds * stretch
        self.began = self.last = time.monotonic()
        self.start = max(START_SECONDS, trial.seconds) * stretch
        self.whole = self.start + TESTS_AT_LEAST * self.step
        self.started = False
        self.tests = 0

    def moved(self, tests: int, *, started: bool = True) -> None:
        """The trial sent something; `tests` have ended so far."""
        self.started = self.started or started
        self.last = time.monotonic()
        self.tests = tests

    def left(self) -> float:
        """Seconds until the next limit, 0 when it is over."""
        now = time.monotonic()
        step = self.last + (self.step if self.started else self.start)
        return max(0.0, min(step, self.began + self.whole) - now)

    def over(self) -> bool:
        """Whether the time is up."""
        return self.left() == 0.0
