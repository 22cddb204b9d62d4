"""The engine that works everywhere: a new Python process for each trial."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from checker.engine import EngineClosed, EngineError, Record, Trial
from checker.engine.deadline import Deadline
from checker.engine.isolation import Isolation
from checker.engine.processes import (
    TAIL,
    kill_tree,
    kill_within,
    listing,
    private_folder,
    processors,
    remove,
    remove_left_over,
)
from checker.engine.record import Events

CHILD = Path(__file__).parent / "child.py"
GLANCE = 0.02


class _Running:
    """One trial under way: its process, its folders, its events."""

    def __init__(self, index: int, trial: Trial, room: Path) -> None:
        self.index, self.events, self.deadline = index, Events(), Deadline(trial)
        self.folder, self.desk = private_folder(room), private_folder(room)
        self.timed_out = False
        job, self.channel = self.desk / "job", self.desk / "record"
        job.write_text(json.dumps(as_job(trial, self.folder)), encoding="utf-8")
        self.channel.touch()
        self.reader = self.channel.open("rb")
        self.output = tempfile.TemporaryFile()
        try:
            self.process = subprocess.Popen(
                [sys.executable, "-I", str(CHILD), str(job), str(self.channel), str(os.getpid())],
                stdin=subprocess.DEVNULL,
                stdout=self.output,
                stderr=subprocess.STDOUT,
                cwd=self.folder,
                start_new_session=os.name == "posix",
            )
        except OSError as error:
            self.sweep()
            raise EngineError(
                f"Python could not be started for a trial ({error}). Close other programs, try again."
            ) from error

    def ended(self) -> bool:
        """Looks at the process once; ends it when its time is over."""
        over = self.process.poll() is not None
        data = self.reader.read(2**20)
        if data:
            self.events.feed(data)
            self.deadline.moved(len(self.events.tests))
        if not over and (self.deadline.over() or self.events.broken):
            self.timed_out, over = self.deadline.over(), True
        return over

    def record(self) -> Record:
        """Ends what is left of the trial and says what happened."""
        kill_tree(self.process.pid)
        code = self.process.wait()
        while data := self.reader.read(2**20):
            self.events.feed(data)
        left = listing(self.folder)
        return self.events.record(
            timed_out=self.timed_out, exit_code=code, output=tail(self.output, self.folder), left=left
        )

    def sweep(self) -> None:
        """Leaves nothing behind."""
        if hasattr(self, "process"):
            kill_tree(self.process.pid)
            if self.process.wait() < 0:  # nobody swept what it left
                kill_within(self.folder)
        self.reader.close()
        self.output.close()
        remove(self.folder)
        remove(self.desk)


class FreshEngine:
    """A process a trial; see `checker.engine.Engine`."""

    name = "fresh process a trial"

    def __init__(self, jobs: int | None = None) -> None:
        self.jobs = jobs or processors()
        self.isolation = Isolation()
        self._turn, self._closed = threading.Lock(), False
        remove_left_over()

    def run(self, trials: Sequence[Trial]) -> Iterator[tuple[int, Record]]:
        """Yields (index, record) in the order in which the trials end. Callers take turns."""
        with self._turn:
            yield from self._run(trials)

    def _run(self, trials: Sequence[Trial]) -> Iterator[tuple[int, Record]]:
        waiting = list(enumerate(trials))[::-1]
        running: list[_Running] = []
        room = private_folder()  # of all trials: an interrupt may come while one of them is being made
        try:
            while waiting or running:
                if self._closed:
                    raise EngineClosed
                while waiting and len(running) < self.jobs:
                    running.append(_Running(*waiting.pop(), room))
                for one in [one for one in running if one.ended()]:
                    record = one.record()
                    running.remove(one)
                    one.sweep()
                    yield one.index, record
                time.sleep(GLANCE)
        finally:
            for one in running:
                one.sweep()
            remove(room)

    def another(self) -> FreshEngine:
        """One like this: each trial is a new Python anyway."""
        engine = FreshEngine(self.jobs)
        engine.isolation = self.isolation
        return engine

    def close(self) -> None:
        """Nothing is kept between trials; those under way end."""
        self._closed = True


def as_job(trial: Trial, folder: Path) -> dict:
    """The trial as the child's JSON."""
    return {
        "folder": str(folder),
        "files": dict(trial.files),
        "select": list(trial.select),
        "order": trial.order,
        "repeat": trial.repeat,
        "first": list(trial.first),
        "until": list(trial.until),
        "explain": trial.explain,
        "command": trial.command,
        "watch": list(trial.watch),
        "env": dict(trial.env),
        "disguised": list(trial.disguised),
        "varied": trial.varied and list(trial.varied),
        "answers": list(trial.answers),
    }


def tail(output, folder: Path) -> str:
    """The end of what a trial printed, without the name of its folder."""
    size = output.seek(0, os.SEEK_END)
    output.seek(max(0, size - TAIL))
    return output.read(TAIL).decode("utf-8", "replace").replace(f"{folder}{os.sep}", "")
