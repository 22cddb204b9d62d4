"""The command `grade`: what is printed and written of what was graded."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import click

from checker.engine.open import open_engine
from checker.engine.processes import processors
from checker.kernel.run import KernelRunner
from checker.learner import meter
from checker.marking import Marker, NothingToGrade, sources
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


def grade_all(
    root: Path, names: Iterable[str], output: Output, *, notebooks: bool, fresh: bool, jobs: int | None
) -> int:
    """Grade what `names` stand for. Returns the exit code. `notebooks`: run them in kernels, too."""
    output.check()
    try:
        listed = sources(names, root)
    except NothingToGrade as error:
        raise click.UsageError(str(error)) from error
    kernels = KernelRunner(root) if notebooks else None
    submissions = []
    with closing(open_engine(fresh=fresh, jobs=jobs)) as engine, meter() as show:
        marker = Marker(root, engine, kernels, jobs=jobs or processors(), told=show)
        with closing(marker.mark(listed)) as marked:
            for submission in marked:
                submissions.append(submission)
                if not output.prints:
                    print("\n".join(_report(submission)), flush=True)
    if len(submissions) > 1 and not output.prints:
        done = sum(submission.exit_code == DONE for submission in submissions)
        print(f"{done} of {len(submissions)} done.")
    output.write(submissions)
    if os.environ.get("GITHUB_ACTIONS") == "true":
        for line in annotations.lines(submissions):
            print(line, file=sys.stderr)
    return exit_code(submissions)


def _report(submission: Submission) -> Iterator[str]:
    """In full for what was asked for by name; a line for each of a folder."""
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
