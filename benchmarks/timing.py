"""Times what is compared in turn, round after round, so that a slow moment of the machine meets all alike."""

from __future__ import annotations

import os
import shlex
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

Seconds = Mapping[str, float]


class Failed(Exception):
    """What was to be timed did not do its work. The message holds the end of what it printed."""


@dataclass(frozen=True)
class Measure:
    """Something to time. `run` does it once and returns the seconds of each figure that it gives, by name."""

    name: str
    run: Callable[[], Seconds]


@dataclass
class Results:
    """All seconds of each figure, by name, in the order of the rounds."""

    seconds: dict[str, list[float]] = field(default_factory=dict)

    def add(self, figures: Seconds) -> None:
        """Adds one round of a measure."""
        for name, seconds in figures.items():
            self.seconds.setdefault(name, []).append(round(seconds, 4))


def interleave(
    measures: Sequence[Measure],
    rounds: int,
    results: Results,
    told: Callable[[str], None],
    *,
    warm_up: bool = True,
) -> None:
    """Runs every measure once a round. `warm_up`: an extra first round, which fills caches and is not kept."""
    for number in range(0 if warm_up else 1, rounds + 1):
        for measure in measures:
            told(f"round {number} of {rounds}: {measure.name}")
            figures = measure.run()
            if number:
                results.add(figures)


def command(
    words: Sequence[str | Path], cwd: Path, *, env: Mapping[str, str] | None = None, expect: Sequence[int] = (0,)
) -> float:
    """The seconds that a command takes. Raises `Failed` when its exit code is another than expected."""
    environment = os.environ | dict(env or {})
    began = time.perf_counter()
    done = subprocess.run(
        list(map(str, words)),
        cwd=cwd,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    seconds = time.perf_counter() - began
    if done.returncode not in expect:
        raise Failed(f"{shlex.join(map(str, words))}: exit code {done.returncode}\n{done.stdout[-2000:]}")
    return seconds


def timed(function: Callable[[], object]) -> tuple[float, object]:
    """The seconds that a call takes, and what it returns."""
    began = time.perf_counter()
    result = function()
    return time.perf_counter() - began, result
