"""Measures everything, and writes it down: results/speed.json, the tables of README.md and its picture."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import Console

from benchmarks import checks, classes, environments, peers
from benchmarks.machine import checkout, machine
from benchmarks.publish import SPEED, publish
from benchmarks.sample import REAL, SAMPLE, SMALL, exercise, project, versions
from benchmarks.timing import Failed, Results, interleave
from checker.engine.open import open_engine
from checker.grade import libraries

PEERS = {"mutmut": "mutmut", "otter": "otter-grader", "nbgrader": "nbgrader"}


class _Peers:
    """The measures of the peers, or none."""

    def __init__(self, folder: Path, count: int) -> None:
        subject = peers.subject(folder / "subject")
        self.mutmut = peers.Mutmut(folder / "mutmut")
        self.graders = [
            peers.Otter(folder / "otter", subject, count),
            peers.Nbgrader(folder / "nbgrader", subject, count),
        ]

    def about(self) -> dict:
        """Versions, and how many mutants mutmut makes."""
        return {
            "versions": {package: environments.versions(name)[package] for name, package in PEERS.items()},
            "mutants": len(self.mutmut.mutants),
            "killed": self.mutmut.killed,
        }


def measure(
    folder: Path,
    rounds: int,
    class_rounds: int,
    count: int,
    counts: list[int],
    with_peers: bool,
    told: Callable,
) -> dict:
    """All figures. `told(what)` hears of each thing that is about to be done."""
    results = Results()
    copy = project(folder / "project")
    others = _Peers(folder, count) if with_peers else None
    with closing(open_engine()) as engine:
        single = [*checks.measures(folder, copy, engine), classes.one(folder, copy)]
        if others:
            single += [*others.mutmut.measures(), *(one for grader in others.graders for one in grader.one())]
        interleave(single, rounds, results, told)
        told("memory of the warm engine")
        memory = classes.memory_of(engine, folder / "unit", gradings=2 * rounds)
    together = list(classes.whole_class(folder, copy, count))
    if others:
        together += [one for grader in others.graders for one in grader.whole_class()]
    interleave(together, class_rounds, results, told)
    return {
        "how": results.how,
        "seconds": results.seconds,
        "memory": memory,
        "isolation": classes.isolation(folder),
        "scale": list(classes.scale(folder, copy, counts, told)),
        "peers": others.about() if others else None,
    }


def exercises() -> dict[str, dict]:
    """Of each exercise that is graded: its title and how many trials it takes."""
    found = {id: exercise(id) for id in (SAMPLE, SMALL, *REAL)}
    return {
        id: {
            "title": one.title,
            "variants": len(one.variants),
            "mutants": len(one.mutants),
            "trials": len(versions(one)),
        }
        for id, one in found.items()
    }


def _counts(_context, _parameter, text: str) -> list[int]:
    try:
        return [int(word) for word in text.split(",")]
    except ValueError:
        raise click.BadParameter("numbers with commas between, such as 1,10,100") from None


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--rounds", type=click.IntRange(1), default=4, show_default=True, help="Of all but the class.")
@click.option("--class-rounds", type=click.IntRange(1), default=2, show_default=True)
@click.option("--class", "count", type=click.IntRange(1), default=20, show_default=True, help="Its size.")
@click.option("--scale", "counts", callback=_counts, default="1,10,100,1000", show_default=True)
@click.option("--without-peers", is_flag=True, help="Only the checker.")
@click.option(
    "--output", type=click.Path(path_type=Path), help="Write the figures here; leave README.md alone."
)
def main(rounds, class_rounds, count, counts, without_peers, output: Path | None) -> None:
    """Measure everything on a quiet machine and renew README.md (about 12 minutes with two processors).

    A quick look: --rounds 1 --class 2 --class-rounds 1 --scale 1,3 --output FILE
    """
    if not without_peers and not environments.are_complete():
        raise click.UsageError(
            f"The peers' environments are not made. Run: {sys.executable} {environments.__file__}"
        )
    if without_peers and not output:
        raise click.UsageError("README.md compares with the peers: give --output with --without-peers.")
    began = time.monotonic()
    document = {
        **checkout(),
        "machine": machine(),
        "libraries": libraries(),
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "load_before": os.getloadavg()[0],
        "command": " ".join(["python", "benchmarks/run.py", *sys.argv[1:]]),
        "rounds": rounds,
        "class_rounds": class_rounds,
        "class": count,
        "exercises": exercises(),
    }
    try:
        with tempfile.TemporaryDirectory(prefix="benchmarks-") as folder, _progress() as told:
            document |= measure(Path(folder), rounds, class_rounds, count, counts, not without_peers, told)
    except (Failed, environments.NoEnvironment) as error:
        raise click.ClickException(str(error)) from error
    document["minutes"] = round((time.monotonic() - began) / 60, 1)
    path = output or SPEED
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    click.echo(f"{path}: written, in {document['minutes']} minutes.")
    if not output:
        publish()


@contextmanager
def _progress() -> Iterator[Callable[[str], None]]:
    """Says what is being measured: a line that changes on a terminal, else a line each."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda what: click.echo(what, err=True)
        return
    with console.status("Preparing") as status:
        yield lambda what: status.update(what)


if __name__ == "__main__":
    main()
