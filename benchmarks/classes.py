"""The checker's measures over folders of submissions: its rate, how it grows with their number, its memory."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import psutil

from benchmarks import memory
from benchmarks.checks import BARE, PYTEST, graded
from benchmarks.sample import SAMPLE, SMALL, in_copy, submissions
from benchmarks.timing import Failed, Measure, command, shown, timed
from checker.engine import Engine
from checker.engine.warm import SERVER

GRADE = (sys.executable, "-m", "checker", "grade")
TRIALS_ONLY = "--no-notebook"
ONE, CLASS, CLASS_NOTEBOOKS = "one: checker", "class: checker", "class: checker, notebooks too"
LOOK_EVERY = 0.5  # seconds
CHILD_EVERY = 0.01  # seconds: a trial's process does not live long


def one(folder: Path, project: Path) -> Measure:
    """One submission, from nothing: the command."""
    submitted = submissions(folder / "one", SAMPLE, 1)
    return Measure(
        ONE, shown(_words(submitted, TRIALS_ONLY)), lambda: {ONE: _grade(project, submitted, 1, TRIALS_ONLY)}
    )


def whole_class(folder: Path, project: Path, count: int) -> Iterator[Measure]:
    """A class: the trials alone, and with every notebook run in a kernel."""
    submitted = submissions(folder / "class", SAMPLE, count)
    yield Measure(
        CLASS,
        shown(_words(submitted, TRIALS_ONLY)),
        lambda: {CLASS: _grade(project, submitted, count, TRIALS_ONLY)},
    )
    yield Measure(
        CLASS_NOTEBOOKS,
        shown(_words(submitted)),
        lambda: {CLASS_NOTEBOOKS: _grade(project, submitted, count)},
    )


def _words(submitted: Path, *options: str) -> list[str | Path]:
    return [*GRADE, submitted, "--json", _result(submitted), *options]


def _result(submitted: Path) -> Path:
    return submitted.with_suffix(".json")


def _grade(project: Path, submitted: Path, count: int, *options: str) -> float:
    # 1: the notebooks are no lesson's, so their given cells may differ from it.
    seconds = command(_words(submitted, *options), project, env=in_copy(project), expect=(0, 1))
    _expect_passed(_result(submitted), count)
    return seconds


def isolation(folder: Path) -> str:
    """What the results of the class say of how its trials were kept apart."""
    document = json.loads((folder / "class.json").read_text(encoding="utf-8"))
    return document["submissions"][0]["exercises"][0]["isolation"]


def _expect_passed(result: Path, count: int) -> None:
    document = json.loads(result.read_text(encoding="utf-8"))
    verdicts = [one["verdict"] for entry in document["submissions"] for one in entry["exercises"]]
    if verdicts != ["passed"] * count:
        raise Failed(f"{count} right answers were graded: {verdicts}")


def scale(folder: Path, project: Path, counts: Sequence[int], told: Callable[[str], None]) -> Iterator[dict]:
    """Grades ever more submissions of a small exercise; of each number the seconds and the memory of the whole tree.

    `first_mib` and `last_mib` are the means of the second and of the last tenth of the time: what grows shows there.
    """
    for count in counts:
        told(f"{count} submissions")
        submitted = submissions(folder / f"scale-{count}", SMALL, count)
        words = _words(submitted, TRIALS_ONLY)
        process = subprocess.Popen(
            words,
            cwd=project,
            env=os.environ | in_copy(project),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        with memory.watch(process.pid, LOOK_EVERY) as watched:
            seconds, code = timed(process.wait)
        if code != 0:
            raise Failed(f"{' '.join(map(str, words))}: exit code {code}")
        _expect_passed(_result(submitted), count)
        yield {
            "submissions": count,
            "seconds": round(seconds, 3),
            "peak_mib": round(watched.peak, 1),
            "first_mib": round(watched.mean_of_tenth(1), 1),
            "last_mib": round(watched.mean_of_tenth(9), 1),
        }
        shutil.rmtree(submitted)


def memory_of(engine: Engine, unit: Path, *, gradings: int) -> dict[str, float]:
    """MiB of the warm process while it waits, of its largest child's own pages, of the tree at its peak, and of one
    cold pytest.
    """
    graded(SAMPLE, engine)
    [server] = [one for one in psutil.Process().children() if str(SERVER) in one.cmdline()]
    idle = {kind: memory.of(server, kind) for kind in ("rss", "pss")}
    children, peak, over = [0.0], [0.0], threading.Event()

    def look() -> None:
        while not over.wait(CHILD_EVERY):
            children.append(max((memory.of(child, "uss") for child in server.children()), default=0.0))
            peak.append(memory.tree(server.pid))

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    for _ in range(gradings):
        graded(SAMPLE, engine)
    over.set()
    thread.join()
    cold = psutil.Popen(
        PYTEST, cwd=unit, env=os.environ | BARE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    with memory.watch(cold.pid, CHILD_EVERY) as watched:
        cold.wait()
    return {
        "server_rss": round(idle["rss"], 1),
        "server_pss": round(idle["pss"], 1),
        "child_own": round(max(children), 1),
        "tree_peak": round(max(peak), 1),
        "cold_pytest_peak": round(watched.peak, 1),
    }
