"""The command `grade`: what is printed and written of what was graded."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import click

from checker.engine import Engine
from checker.engine.isolation import Isolation
from checker.engine.open import open_class_engine, open_engine
from checker.engine.processes import processors
from checker.engine.sandbox import NoSandbox
from checker.kernel.run import KernelRunner
from checker.learner import meter
from checker.marking import Marker, NothingToGrade, Source, sources
from checker.notebook.reader import shown
from checker.notebook.writer import write
from checker.report import annotations, cells, json, junit
from checker.report.text import text
from checker.report.words import clean
from checker.submission import DONE, Submission, exit_code

STANDARD_OUTPUT = "-"


@dataclass(frozen=True)
class Output:
    """Where the machine-readable results go: a file's path, `-` for standard output, None for nowhere."""

    json: str | None = None
    junit: str | None = None

    @property
    def prints(self) -> bool:
        """Whether standard output is taken, so that no report may be printed there."""
        return STANDARD_OUTPUT in (self.json, self.junit)

    def check(self) -> None:
        """Raises `click.UsageError` now rather than after an hour of grading."""
        if self.json == self.junit == STANDARD_OUTPUT:
            raise click.UsageError("Only one of --json and --junit can be -. Give the other one a file.")
        for file in (self.json, self.junit):
            path = Path(file or STANDARD_OUTPUT)
            if file != STANDARD_OUTPUT and (path.is_dir() or not path.parent.is_dir()):
                fix = "Name a file in a folder that exists."
                raise click.UsageError(f"{shown(file)}: cannot be written. {fix}")

    def write(self, submissions: list[Submission]) -> None:
        """Write each in one step."""
        for file, document in ((self.json, json.document), (self.junit, junit.document)):
            if file == STANDARD_OUTPUT:
                print(document(submissions), end="")
            elif file:
                write(Path(file), document(submissions))


@dataclass(frozen=True)
class How:
    """How to grade. `class_run`: in isolation whatever is named; `unsafe`: without it where it cannot be had.

    `fresh`: a new Python for each trial; `jobs`: how many at a time; `notebooks`: run them in kernels, too.
    """

    class_run: bool = False
    unsafe: bool = False
    fresh: bool = False
    jobs: int | None = None
    notebooks: bool = True


def grade_all(root: Path, names: Iterable[str], output: Output, how: How) -> int:
    """Grade what `names` stand for. Returns the exit code."""
    output.check()
    try:
        listed = sources(names, root)
    except NothingToGrade as error:
        raise click.UsageError(str(error)) from error
    submissions = []
    with closing(_engine(root, listed, how)) as engine, meter() as show:
        kernels = KernelRunner(root, sandboxed=engine.isolation.contained) if how.notebooks else None
        marker = Marker(root, engine, kernels, jobs=how.jobs or processors(), told=show)
        with closing(marker.mark(listed)) as marked:
            for submission in marked:
                submissions.append(submission)
                if not output.prints:
                    print("\n".join(report(submission)), flush=True)
    if not output.prints and (len(submissions) > 1 or not all(one.named for one in submissions)):
        done = sum(submission.exit_code == DONE for submission in submissions)
        print(f"{done} of {len(submissions)} done. Checked: {engine.isolation.sentence}.")
    output.write(submissions)
    if os.environ.get("GITHUB_ACTIONS") == "true":
        for line in annotations.lines(submissions):
            print(line, file=sys.stderr)
    return exit_code(submissions)


def _engine(root: Path, listed: list[Source], how: How) -> Engine:
    """The engine of the tier that the sources need. Raises `click.UsageError` where that cannot be had."""
    strange = next((source for source in listed if not _is_own(source, root)), None)
    if strange is None and not how.class_run:
        return open_engine(fresh=how.fresh, jobs=how.jobs)
    try:
        if how.fresh:
            raise NoSandbox("--fresh has no sandbox.")
        return open_class_engine(jobs=how.jobs)
    except NoSandbox as reason:
        if how.unsafe:
            engine = open_engine(fresh=how.fresh, jobs=how.jobs)
            engine.isolation = Isolation(unsafe=True)
            return engine
        what = f"{shown(strange.name)} does not lie in exercises/" if strange else "--class was given"
        raise click.UsageError(
            f"{what}, so it is graded in isolation, and that cannot be had here: {reason} "
            "For notebooks that you trust, or inside a container that you vouch for: --unsafe."
        ) from reason


def _is_own(source: Source, root: Path) -> bool:
    """Whether it is the learner's own work: an exercise by its id, or a notebook in the project's exercises/."""
    return source.path is None or source.path.resolve().is_relative_to((root / "exercises").resolve())


def report(submission: Submission) -> Iterator[str]:
    """Its lines: in full for what was asked for by name, one for each of a folder."""
    if submission.problem:
        yield f"Not graded: {clean(submission.problem)}"
    elif submission.named:
        yield clean(submission.source)
        for verdict in submission.verdicts:
            yield f"\n{text(verdict)}"
        if submission.kernel:
            yield f"\n{cells.text(submission.kernel)}"
        yield from (f"Note: {clean(note)}" for note in submission.notes)
        yield ""
    else:
        passed = sum(verdict.passed for verdict in submission.verdicts)
        kernel = f", {cells.headline(submission.kernel)}" if submission.kernel else ""
        yield f"{clean(submission.source)}: {passed} of {len(submission.verdicts)} exercises passed{kernel}"
