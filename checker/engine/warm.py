"""The supervisor of the warm process: hands it trials, owns the deadlines, reads the records."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

from checker.engine import EngineError, Record, Trial
from checker.engine.deadline import Deadline
from checker.engine.fresh import as_job, tail
from checker.engine.processes import kill_tree, listing, private_folder, processors, remove
from checker.engine.record import Events

SERVER = Path(__file__).parent / "server.py"
READY_SECONDS = 60


class _Running:
    """One trial under way, as its supervisor sees it."""

    def __init__(self, index: int, number: int, trial: Trial, within: Path) -> None:
        self.index, self.number = index, number
        self.folder, self.events, self.deadline = private_folder(within), Events(), Deadline(trial)
        self.output = tempfile.TemporaryFile()
        self.channel, self.other_end = os.pipe()
        os.set_blocking(self.channel, False)
        self.timed_out = self.killed = False

    def hand_over(self, control: socket.socket, trial: Trial) -> None:
        """Sends the trial to the warm process."""
        with tempfile.TemporaryFile() as job:
            job.write(json.dumps(as_job(trial, self.folder)).encode())
            job.seek(0)
            socket.send_fds(
                control,
                [json.dumps({"trial": self.number}).encode() + b"\n"],
                [job.fileno(), self.other_end, self.output.fileno()],
            )
        os.close(self.other_end)
        self.other_end = -1

    def drain(self) -> None:
        """Reads what has arrived, without waiting."""
        with contextlib.suppress(BlockingIOError):
            while data := os.read(self.channel, 2**16):
                self.events.feed(data)
                self.deadline.moved(len(self.events.tests))
                if self.events.broken:
                    return

    def record(self, status: int) -> Record:
        """What happened; the process and its family are gone."""
        self.drain()
        return self.events.record(
            timed_out=self.timed_out, exit_code=status, output=tail(self.output), left=listing(self.folder)
        )

    def sweep(self) -> None:
        """Leaves nothing behind."""
        for descriptor in (self.channel, self.other_end):
            if descriptor >= 0:
                os.close(descriptor)
        self.output.close()
        remove(self.folder)


class WarmEngine:
    """A forked child a trial; see `checker.engine.Engine`. Started in the background, restarted when it was killed."""

    name = "warm process, a forked child a trial"

    def __init__(self, jobs: int | None = None) -> None:
        self.jobs = jobs or processors()
        self._lock = threading.Lock()
        self._number = 0
        self._process: subprocess.Popen | None = None
        self._start()

    def _start(self) -> None:
        self._control, theirs = socket.socketpair()
        self._rest, self._ready = b"", False
        self._log, self._desk = tempfile.TemporaryFile(), private_folder()
        with theirs:
            try:
                self._process = subprocess.Popen(
                    [sys.executable, "-I", str(SERVER), str(theirs.fileno()), str(self._desk)],
                    pass_fds=[theirs.fileno()],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=self._log,
                    start_new_session=True,
                )
            except OSError as error:
                raise EngineError(
                    f"The engine could not be started ({error}). Close other programs, try again."
                ) from error

    def run(self, trials: Sequence[Trial]) -> Iterator[tuple[int, Record]]:
        """Yields (index, record) in the order in which the trials end. One caller at a time."""
        with self._lock:
            if self._process is None or self._process.poll() is not None:
                self.close()
                self._start()
            yield from self._run(trials)

    def _run(self, trials: Sequence[Trial]) -> Iterator[tuple[int, Record]]:
        running: dict[int, _Running] = {}
        waiting = list(enumerate(trials))[::-1]
        broken = False
        with selectors.DefaultSelector() as selector:
            selector.register(self._control, selectors.EVENT_READ)
            try:
                self._await_ready(selector)
                while waiting or running:
                    while waiting and len(running) < self.jobs:
                        index, trial = waiting.pop()
                        self._number += 1
                        one = running[self._number] = _Running(index, self._number, trial, self._desk)
                        one.hand_over(self._control, trial)
                        selector.register(one.channel, selectors.EVENT_READ, one)
                    yield from self._step(selector, running)
            except (BrokenPipeError, ConnectionResetError) as error:
                broken = True
                raise self._dead() from error
            except (EngineError, KeyboardInterrupt):
                broken = True
                raise
            finally:
                if broken:
                    self._abandon()
                elif running:
                    self._end(running)
                for one in running.values():
                    one.sweep()

    def _step(
        self, selector: selectors.BaseSelector, running: dict[int, _Running]
    ) -> Iterator[tuple[int, Record]]:
        """Waits until something happens or the next deadline comes, and deals with it."""
        for key, _ in selector.select(
            min((one.deadline.left() for one in running.values() if not one.killed), default=5)
        ):
            if key.data is None:
                for message in self._messages():
                    one = running.get(message.get("done"))
                    if one is not None:
                        self._forget(selector, one)
                        record = one.record(message["status"])
                        del running[one.number]
                        one.sweep()
                        yield one.index, record
            elif key.data.number in running:
                key.data.drain()
                if key.data.events.code is not None or key.data.events.broken:
                    self._forget(selector, key.data)
        for one in running.values():
            if not one.killed and (one.deadline.over() or one.events.broken):
                one.timed_out, one.killed = not one.events.broken and one.events.code is None, True
                self._send({"kill": one.number})
                self._forget(selector, one)

    @staticmethod
    def _forget(selector: selectors.BaseSelector, one: _Running) -> None:
        with contextlib.suppress(KeyError):
            selector.unregister(one.channel)

    def _await_ready(self, selector: selectors.BaseSelector) -> None:
        while not self._ready:
            if not selector.select(READY_SECONDS):
                raise EngineError(
                    f"The engine was not ready after {READY_SECONDS} seconds. Try again, or use --fresh."
                )
            self._messages()

    def _messages(self) -> list[dict]:
        data = self._control.recv(65536)
        if not data:
            raise self._dead()
        *lines, self._rest = (self._rest + data).split(b"\n")
        found = [json.loads(line) for line in lines]
        self._ready = self._ready or any("ready" in message for message in found)
        return found

    def _send(self, message: dict) -> None:
        self._control.sendall(json.dumps(message).encode() + b"\n")

    def _dead(self) -> EngineError:
        self._log.seek(0)
        said = self._log.read(4000).decode("utf-8", "replace").strip().splitlines()
        return EngineError(
            "The engine's process ended while it was needed"
            + (f": {said[-1]}" if said else "")
            + ". Nothing was graded; run it again."
        )

    def _end(self, running: dict[int, _Running]) -> None:
        """Ends trials that nobody waits for any more, and waits until they are gone."""
        waited = set(running)
        try:
            for number in waited:
                self._send({"kill": number})
            while waited:
                waited -= {message.get("done") for message in self._messages()}
        except (EngineError, OSError):
            self._abandon()

    def _abandon(self) -> None:
        """After an interrupt or a fault: ends the warm process and all its children; the next run starts a new one."""
        if self._process is not None:
            kill_tree(self._process.pid)
            self._process.wait()

    def close(self) -> None:
        """Ends the warm process and waits until it is gone."""
        self._control.close()
        self._log.close()
        if self._process is not None:
            kill_tree(self._process.pid)
            self._process.wait()
            self._process = None
        remove(self._desk)
