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
    """Something to time. `run` does it once and returns the seconds of each figure that it gives, by name.

    `how`: the command, or what is called.
    """

    name: str
    how: str
    run: Callable[[], Seconds]


@dataclass
class Results:
    """All seconds of each figure, by name, in the order of the rounds; and how each measure was taken."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    how: dict[str, str] = field(default_factory=dict)

    def add(self, figures: Seconds) -> None:
        """Adds one round of a measure."""
        for name, seconds in figures.items():
            self.seconds.setdefault(name, []).append(round(seconds, 4))


def interleave(
    measures: Sequence[Measure], rounds: int, results: Results, told: Callable[[str], None]
) -> None:
    """Runs every measure once a round. A first round that fills caches is one of several: medians leave it out."""
    results.how |= {measure.name: measure.how for measure in measures}
    for number in range(1, rounds + 1):
        for measure in measures:
            told(f"round {number} of {rounds}: {measure.name}")
            results.add(measure.run())


def command(
    words: Sequence[str | Path],
    cwd: Path,
    *,
    env: Mapping[str, str] | None = None,
    expect: Sequence[int] = (0,),
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


def shown(words: Sequence[str | Path]) -> str:
    """A command as a person would type it, without the folders of this run."""
    return shlex.join(Path(word).name if Path(word).is_absolute() else str(word) for word in words)


def timed(function: Callable[[], object]) -> tuple[float, object]:
    """The seconds that a call takes, and what it returns."""
    began = time.perf_counter()
    result = function()
    return time.perf_counter() - began, result
