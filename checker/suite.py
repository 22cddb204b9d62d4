"""`python3 -m checker test`: every test of the project, several parts at a time; what was not run and why."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.table import Table

from checker.jupyter import jupyter_environment
from checker.parts import AT_A_TIME, PARTS, NotRun, Part, plan

FAILED, USAGE, FAULT, INTERRUPTED = 1, 2, 3, 130
ON_POSTGRESQL = ("postgresql", "verify")
REFRESH = 0.5  # seconds between two looks at what runs


@dataclass
class Run:
    """A part on its way. Its output so far lies in `log`; `seconds` and `code` are known once it ended."""

    part: Part
    log: Path
    started: float = 0.0
    seconds: float = 0.0
    code: int | None = None
    process: subprocess.Popen | None = None

    def last_line(self) -> str:
        """The last line of output so far; of pytest it is in the end the count of what passed."""
        text = self.log.read_text(encoding="utf-8", errors="replace").rstrip() if self.log.exists() else ""
        return text.rpartition("\n")[2].strip("= ")

    def result(self) -> str:
        """`passed`, `failed`, or `broke`: the part itself could not do its work."""
        return {0: "passed", 1: "failed", 2: "failed"}.get(self.code, "broke")


def run_suite(root: Path, *, only: Iterable[str] = ()) -> int:
    """Run the parts named in `only`, or all of them.

    Returns 0 when all passed, 1 when something failed, 2 for a name that is no part, 3 when a part broke.
    """
    wanted = tuple(only) or tuple(PARTS)
    unknown = [name for name in wanted if name not in PARTS]
    console = Console(highlight=False)
    if unknown:
        console.print(
            f"checker test: there is no part {unknown[0]!r}. Parts: {', '.join(PARTS)}.", markup=False
        )
        return USAGE
    parts, not_run = plan(root, wanted)
    with tempfile.TemporaryDirectory(prefix="checker-test-") as folder:
        runs = [Run(part, Path(folder, f"{part.name}.log")) for part in parts]
        started = time.monotonic()
        try:
            _run_all(runs, root, console)
        except KeyboardInterrupt:
            console.print("Stopped.")
            return INTERRUPTED
        for run in runs:
            if run.code != 0:
                console.rule(f"{run.part.name}: {run.result()}")
                console.print(
                    run.log.read_text(encoding="utf-8", errors="replace"), markup=False, soft_wrap=True
                )
        _close(runs, not_run, time.monotonic() - started, console)
    if any(run.result() == "broke" for run in runs):
        return FAULT
    return FAILED if any(run.code for run in runs) else 0


def _give_way(process: int) -> None:
    """Lets it, and what it starts, interrupt nobody: with fewer changes of process the whole run takes less time."""
    with suppress(AttributeError, OSError):  # Linux alone has it, and not in every sandbox
        os.sched_setscheduler(process, os.SCHED_BATCH, os.sched_param(0))


def _run_all(runs: list[Run], root: Path, console: Console) -> None:
    """Run all, `AT_A_TIME` at once, in the given order; on the terminal, a table of how far each is."""
    # A child must not set up an environment of its own: this interpreter has what is needed.
    environ = jupyter_environment() | {"CHECKER_SETUP": "off"}
    # All but these parts are meant for SQLite; those that want PostgreSQL get the address back.
    address = environ.pop("DATABASE_URL", None)
    live = Live(console=console, auto_refresh=False, transient=True) if console.is_terminal else nullcontext()
    with ThreadPoolExecutor(AT_A_TIME) as pool, live:
        pending: set[Future[Run]] = set()
        try:
            for run in runs:
                own = environ | (
                    {"DATABASE_URL": address} if address and run.part.name in ON_POSTGRESQL else {}
                )
                pending.add(pool.submit(_run_one, run, root, own, console))
            while pending:
                done, pending = wait(pending, REFRESH, FIRST_COMPLETED)
                for future in done:
                    run = future.result()
                    line = f"{run.part.name}: {run.result()} in {run.seconds:.0f} s: {run.last_line()}"
                    console.print(line, markup=False, soft_wrap=True)
                if isinstance(live, Live):
                    live.update(_running(runs), refresh=True)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for run in runs:
                if run.process is not None:
                    run.process.terminate()
            raise


def _run_one(run: Run, root: Path, environ: dict[str, str], console: Console) -> Run:
    run.started = time.monotonic()
    console.print(f"{run.part.name}: {run.part.what} …", markup=False, soft_wrap=True)
    with run.log.open("wb") as log:
        run.process = subprocess.Popen(
            run.part.command,
            cwd=root,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        _give_way(run.process.pid)
        code = run.process.wait()
    run.seconds = time.monotonic() - run.started
    run.code = code
    return run


def _running(runs: list[Run]) -> Table:
    table = Table(box=None, show_header=False)
    for run in runs:
        if run.started and run.code is None:
            now = f"{time.monotonic() - run.started:.0f} s"
            table.add_row(run.part.name, now, escape(run.last_line()[-80:]))
    return table


def _close(runs: list[Run], not_run: list[NotRun], seconds: float, console: Console) -> None:
    table = Table(title=None)
    for column in ("part", "result", "seconds", "last line"):
        table.add_column(column, overflow="fold", justify="right" if column == "seconds" else "left")
    for run in runs:
        table.add_row(run.part.name, run.result(), f"{run.seconds:.0f}", escape(run.last_line()))
    console.print(table)
    if not_run:
        console.print("Not run:")
        for item in not_run:
            console.print(
                f"  {item.name}: {item.reason}. To run it: {item.command}", markup=False, soft_wrap=True
            )
    bad = [f"{run.part.name} {run.result()}" for run in runs if run.code]
    summary = ", ".join(bad) if bad else f"all {len(runs)} parts passed"
    console.print(
        f"{summary}; {len(not_run)} not run; {seconds:.0f} s in all ({sys.executable}).", soft_wrap=True
    )
