"""Grades answers whose verdict is known, over and over under load, and counts the wrong verdicts.

The answers are the references and those of `tests/answers`; `python3 -m checker verify` tries each of them once.
The results are lines of JSON, written as they come: `run` (the commit, the machine), `wrong` (a verdict unlike
its promise, in full), `changed` (the promise is kept, but details differ from an earlier grading of the same
answer) and `count` (all of the run so far). What is interrupted is valid as far as it came.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from benchmarks.machine import ROOT, checkout, machine
from checker.contract import Exercise, load_all
from checker.engine import Engine
from checker.engine.open import open_engine
from checker.engine.processes import processors
from checker.exercises import reference_sources
from checker.grade import grade, lacks, libraries
from checker.verdict import Verdict
from checker.verify import Stored, keeps, load, load_answers, promise

RESULTS = Path(__file__).parent / "results" / "honest_gradings.jsonl"
COUNTED_EVERY = 20  # gradings
COUNTED = ("gradings", "right_answers", "wrong_answers", "refused", "accepted", "otherwise", "changed")

Case = tuple[Exercise, Stored]


@dataclass
class Count:
    """Gradings so far.

    `right_answers` and `wrong_answers`: how many were of each. Wrong verdicts are of three kinds: `refused` (a right
    answer did not pass), `accepted` (a wrong one did), `otherwise` (the wrong verdict, bugs or finding on a wrong
    answer). `changed` is no wrong verdict: the promise was kept, in other details than before.
    """

    numbers: Counter = field(default_factory=Counter)
    seconds: float = 0.0
    load: float = 0.0

    @property
    def wrong(self) -> int:
        """All wrong verdicts."""
        return sum(self.numbers[kind] for kind in ("refused", "accepted", "otherwise"))

    def line(self) -> dict[str, object]:
        """As a line of the results. `load`: the mean of the system's one-minute load average."""
        mean = self.load / max(1, self.numbers["gradings"])
        return {name: self.numbers[name] for name in COUNTED} | {
            "seconds": round(self.seconds, 1),
            "load": round(mean, 2),
        }


def cases(root: Path, ids: Sequence[str] = ()) -> list[Case]:
    """Every reference and stored answer, of all exercises or of those named by id or lesson number.

    Raises `click.UsageError` where one of them needs what this machine lacks: it would count as wrong.
    """
    chosen = [
        exercise
        for exercise in load_all(root).values()
        if not ids or exercise.id in ids or exercise.id.split(".")[0] in ids
    ]
    for exercise in chosen:
        if missing := lacks(exercise):
            raise click.UsageError(f"Exercise {exercise.id} cannot be graded here. {missing}")
    return [
        (exercise, answer)
        for exercise in chosen
        for answer in (
            Stored(exercise.id, "reference", "passed", reference_sources(exercise, root)),
            *load_answers(root, exercise),
        )
    ]


def shuffled(answers: Sequence[Case], seed: int) -> Iterator[Case]:
    """The cases without end: each once, in random order, then each once more."""
    chance = random.Random(seed)
    while True:
        yield from chance.sample(answers, len(answers))


def run(
    answers: Iterable[Case], engine: Engine, out: IO[str], *, gradings: int, seconds: float = float("inf")
) -> Iterator[Count]:
    """Grades until one of the limits is reached; yields the count after each. Writes lines to `out` as they come."""
    count, began, known = Count(), time.monotonic(), {}
    try:
        for exercise, answer in answers:
            if count.numbers["gradings"] >= gradings or time.monotonic() - began >= seconds:
                return
            verdict = grade(exercise, answer.files, engine)
            count.numbers["gradings"] += 1
            count.numbers["right_answers" if answer.verdict == "passed" else "wrong_answers"] += 1
            count.load += os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
            count.seconds = time.monotonic() - began
            details = _details(verdict)
            if not keeps(answer, verdict):
                count.numbers[_kind(answer, verdict)] += 1
                _write(out, "wrong", grading=count.numbers["gradings"], **_seen(answer, verdict))
            elif known.setdefault((exercise.id, answer.name), details) != details:
                count.numbers["changed"] += 1
                _write(
                    out,
                    "changed",
                    grading=count.numbers["gradings"],
                    before=known[exercise.id, answer.name],
                    **_seen(answer, verdict),
                )
            if count.numbers["gradings"] % COUNTED_EVERY == 0:
                _write(out, "count", **count.line())
            yield count
    finally:
        _write(out, "count", **count.line())


def _kind(answer: Stored, verdict: Verdict) -> str:
    if answer.verdict == "passed":
        return "refused"
    return "accepted" if verdict.passed else "otherwise"


def _details(verdict: Verdict) -> list[str]:
    """What should be the same each time: the verdict, each version's result, which tests did it, the findings."""
    versions = [f"{one.name} {one.result} {' '.join(one.tests)}".strip() for one in verdict.versions]
    findings = [f"{one.kind} {one.test}:{one.line}" for one in verdict.findings]
    return [verdict.verdict, *versions, *sorted(findings)]


def _seen(answer: Stored, verdict: Verdict) -> dict[str, object]:
    return {
        "exercise": answer.exercise,
        "answer": answer.name,
        "promise": promise(answer),
        "verdict": asdict(verdict),
    }


def _write(out: IO[str], kind: str, **more: object) -> None:
    print(json.dumps({"kind": kind, **more}), file=out, flush=True)


def summary(path: Path) -> dict[str, object]:
    """The sums over all runs of a results file, and of each run what it was made on. A torn last line is no line."""
    runs: list[dict] = []
    for line in path.read_text(encoding="utf-8").rpartition("\n")[0].splitlines():
        entry = json.loads(line)
        kind = entry.pop("kind")
        if kind == "run":
            runs.append({**entry, "count": Count().line()})
        elif kind == "count":
            runs[-1]["count"] = entry
    totals = {name: sum(one["count"][name] for one in runs) for name in (*COUNTED, "seconds")}
    totals["wrong_verdicts"] = totals["refused"] + totals["accepted"] + totals["otherwise"]
    return {**totals, "runs": runs}


def sentence(found: dict) -> str:
    """A summary in words."""
    commits = ", ".join(dict.fromkeys(run["commit"][:12] for run in found["runs"]))
    return (
        f"{found['wrong_verdicts']} wrong verdicts in {found['gradings']} gradings "
        f"({found['right_answers']} of right answers, {found['refused']} refused; {found['wrong_answers']} of wrong "
        f"ones, {found['accepted']} accepted, {found['otherwise']} with another verdict, bug or finding than "
        f"promised), {found['changed']} with changed details, in {found['seconds'] / 60:.0f} minutes; "
        f"commit {commits}."
    )


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("ids", nargs=-1, metavar="[ID]...")
@click.option(
    "--gradings", type=click.IntRange(1), default=10_000, show_default=True, help="How many in all."
)
@click.option("--seconds", type=float, default=float("inf"), help="Stop after so many seconds, too.")
@click.option("--load", "burners", type=click.IntRange(0), help="Busy processes beside it; one a processor.")
@click.option("--seed", type=int, help="Of the random order; recorded.")
@click.option(
    "--output", type=click.Path(path_type=Path), default=RESULTS, help="Results file, lines of JSON."
)
@click.option("--resume", is_flag=True, help="Add to --output until it holds --gradings.")
@click.option("--count", "only_count", is_flag=True, help="Grade nothing: count what --output holds.")
def main(ids, gradings, seconds, burners, seed, output: Path, resume, only_count) -> None:
    """Grade answers whose verdict is known, over and over under load, and count the wrong verdicts.

    IDs name exercises or lessons; all without. Exit code 0 when no verdict was wrong, 1 when one was.

    Run it in a clone of its own: what is edited meanwhile is graded with.
    """
    if only_count and not output.exists():
        raise click.UsageError(f"{output}: there is no such file. Leave out --count to make it.")
    before = summary(output)["gradings"] if output.exists() else 0
    if only_count or (resume and before >= gradings):
        found = summary(output)
        click.echo(sentence(found))
        sys.exit(bool(found["wrong_verdicts"]))
    if output.exists() and not resume:
        raise click.UsageError(f"{output} exists. Add to it with --resume, or name another --output.")
    answers = cases(ROOT, ids)
    if not answers:
        raise click.UsageError(f"No exercise is named {' or '.join(ids)}. All: python3 -m checker list")
    burners = processors() if burners is None else burners
    seed = random.randrange(2**32) if seed is None else seed
    output.parent.mkdir(parents=True, exist_ok=True)
    # A plain `kill` ends it as Ctrl+C does: with a last count.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if output.exists():
        os.truncate(output, output.read_bytes().rfind(b"\n") + 1)
    with output.open("a", encoding="utf-8") as out:
        _write(
            out,
            "run",
            **checkout(),
            started=datetime.now(UTC).isoformat(timespec="seconds"),
            answers=len(answers),
            seed=seed,
            busy_processes=burners,
            machine=machine(),
            libraries=libraries(),
        )
        try:
            with load(burners), closing(open_engine()) as engine:
                counts = run(
                    shuffled(answers, seed), engine, out, gradings=gradings - before, seconds=seconds
                )
                with closing(counts):
                    _show(counts, before, gradings)
        except KeyboardInterrupt:
            click.echo("Stopped. What was graded is counted; --resume goes on.", err=True)
    found = summary(output)
    click.echo(sentence(found))
    sys.exit(bool(found["wrong_verdicts"]))


def _show(counts: Iterator[Count], before: int, gradings: int) -> None:
    """A bar on a terminal; elsewhere a line now and then."""
    console = Console(stderr=True)
    bar = Progress(
        TextColumn("{task.fields[wrong]} wrong verdicts"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        disable=not console.is_terminal,
    )
    with bar:
        task = bar.add_task("", total=gradings, completed=before, wrong=0)
        for count in counts:
            done = count.numbers["gradings"]
            bar.update(task, completed=before + done, wrong=count.wrong)
            if not console.is_terminal and done % 100 == 0:
                print(f"{before + done} of {gradings}, {count.wrong} wrong", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
