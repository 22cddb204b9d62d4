"""The checker's own measures, and the unit that all are compared with: one cold run of pytest."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from jupyter_client.manager import start_new_kernel

from benchmarks.sample import REAL, SAMPLE, answer, exercise, in_copy, lay_out, versions
from benchmarks.timing import Failed, Measure, Seconds, command, shown, timed
from checker.engine import Engine
from checker.engine.fresh import FreshEngine
from checker.grade import grade

# Only the plugin that the tests need: what else lies in the environment would slow the unit, and flatter us.
PYTEST = (sys.executable, "-m", "pytest", "-q", "-p", "pytest_asyncio.plugin", "-p", "no:cacheprovider")
BARE = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
ALL_PLUGINS = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider")
UNIT, PLAIN, WARM, FRESH, COLD = "unit", "unit with all plugins", "warm", "fresh", "cold trials"
FIRST, NEXT = "first check", "next check"


def measures(folder: Path, project: Path, engine: Engine) -> Iterator[Measure]:
    """All that is timed of one answer. `folder`: room for files; `project`: of `sample.project`."""
    own = cold_folder(folder / "unit", SAMPLE)
    yield Measure(UNIT, f"{_bare()} {shown(PYTEST)}", lambda: {UNIT: command(PYTEST, own, env=BARE)})
    yield Measure(WARM, "grade(exercise, answer, WarmEngine())", lambda: {WARM: graded(SAMPLE, engine)})
    yield Measure(PLAIN, shown(ALL_PLUGINS), lambda: {PLAIN: command(ALL_PLUGINS, own)})
    yield Measure(
        FIRST,
        f"a new kernel: `%load_ext checker`, `%%exercise {SAMPLE}`, the latter again",
        lambda: first_check(project),
    )
    yield Measure(
        FRESH, "grade(exercise, answer, FreshEngine(1))", lambda: {FRESH: graded(SAMPLE, FreshEngine(1))}
    )
    trials = [
        lay_out(folder / f"trial-{number}", {**files, **answer(SAMPLE)})
        for number, files in enumerate(versions(exercise(SAMPLE)))
    ]
    yield Measure(
        COLD,
        f"{len(trials)} times: {_bare()} {shown(PYTEST)}",
        lambda: {COLD: sum(command(PYTEST, one, env=BARE, expect=(0, 1)) for one in trials)},
    )
    for id in REAL:
        yield _real(folder, id, engine)


def _real(folder: Path, id: str, engine: Engine) -> Measure:
    own = cold_folder(folder / id, id)
    return Measure(
        f"exercise {id}",
        "as the unit and as warm, with the reference",
        lambda: {
            f"{UNIT} {id}": command(PYTEST, own, env=BARE),
            f"{WARM} {id}": graded(id, engine),
        },
    )


def _bare() -> str:
    return " ".join(f"{name}={value}" for name, value in BARE.items())


def cold_folder(folder: Path, id: str) -> Path:
    """The right answer to an exercise beside the subject as it is."""
    return lay_out(folder, {**exercise(id).version(), **answer(id)})


def graded(id: str, engine: Engine) -> float:
    """The seconds in which a right answer gets its verdict."""
    one, right = exercise(id), answer(id)
    seconds, verdict = timed(lambda: grade(one, right, engine))
    if not verdict.passed:
        raise Failed(f"{id}: the right answer got the verdict {verdict.verdict}: {verdict.headline}")
    return seconds


def first_check(project: Path) -> Seconds:
    """In a new kernel: from the start of `%load_ext checker` to the first verdict; and a second check."""
    [text] = answer(SAMPLE).values()
    cell, environment = f"%%exercise {SAMPLE}\n{text}", os.environ | in_copy(project)
    manager, client = start_new_kernel(
        cwd=str(project / "exercises"), env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        first, _ = timed(lambda: (_run(client, "%load_ext checker"), _verdict(client, cell)))
        again, _ = timed(lambda: _verdict(client, cell))
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    return {FIRST: first, NEXT: again}


def _verdict(client, cell: str) -> None:
    shown = _run(client, cell)
    expected = f"catches {len(exercise(SAMPLE).mutants)} of {len(exercise(SAMPLE).mutants)} bugs"
    if expected not in shown:
        raise Failed(f"The first check did not show `{expected}`, but: {shown[-1000:]}")


def _run(client, source: str) -> str:
    """Runs a cell; what it shows, as text."""
    shown: list[str] = []

    def hook(message: dict) -> None:
        content = message["content"]
        shown.append(content.get("text") or content.get("data", {}).get("text/plain", ""))

    reply = client.execute_interactive(source, output_hook=hook, timeout=60)["content"]
    if reply["status"] != "ok":
        raise Failed(f"{source.splitlines()[0]}: {reply}")
    return "\n".join(shown)
