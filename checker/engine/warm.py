"""The supervisor of the warm process: hands it trials, owns the deadlines, reads the records."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import selectors
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path

from checker.engine import EngineError, Record, Trial
from checker.engine.bounds import KEPT_ENV
from checker.engine.deadline import Deadline
from checker.engine.fresh import as_job, tail
from checker.engine.isolation import Isolation
from checker.engine.processes import (
    kill_tree,
    kill_within,
    listing,
    private_folder,
    processors,
    remove,
    remove_left_over,
)
from checker.engine.record import Events
from checker.engine.sandbox import FOLDER, Builder, Sandbox

SERVER = Path(__file__).parent / "server.py"
READY_SECONDS = 60
GONE_SECONDS = 20  # for what was killed to be gone; more than that, and the warm process itself is stuck
GLANCE = 0.1  # seconds between two looks at the memory of sandboxes


class _Running:
    """One trial under way, as its supervisor sees it."""

    def __init__(self, index: int, number: int, trial: Trial, within: Path, sandbox: Sandbox | None) -> None:
        self.index, self.number, self.trial, self.sandbox = index, number, trial, sandbox
        self.folder = FOLDER if sandbox else private_folder(within)
        self.events, self.deadline = Events(), Deadline(trial)
        self.output = tempfile.TemporaryFile()
        self.channel, self.other_end = os.pipe()
        os.set_blocking(self.channel, False)
        self.timed_out = self.killed = False
        self.killed_at = 0.0
        self.next_glance = time.monotonic() + GLANCE

    def hand_over(self, control: socket.socket) -> None:
        """Sends the trial to the warm process."""
        message: dict = {"trial": self.number}
        with tempfile.TemporaryFile() as job:
            job.write(json.dumps(as_job(self.trial, self.folder)).encode())
            job.seek(0)
            descriptors = [job.fileno(), self.other_end, self.output.fileno()]
            if self.sandbox:
                message["uid"] = self.sandbox.uid
                descriptors.append(self.sandbox.pidfd)
            socket.send_fds(control, [json.dumps(message).encode() + b"\n"], descriptors)
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

    def watch(self) -> None:
        """Looks now and then how much memory a sandbox holds: limits of single processes do not bound it."""
        now = time.monotonic()
        if self.sandbox and not self.events.broken and now >= self.next_glance:
            self.events.broken, self.next_glance = self.sandbox.overfull, now + GLANCE

    def record(self, status: int) -> Record:
        """What happened; the process and its family are gone."""
        self.drain()
        return self.events.record(
            timed_out=self.timed_out,
            exit_code=status,
            output=tail(self.output, self.folder),
            left=self._left(),
        )

    def _left(self) -> list[str]:
        if self.sandbox is None:
            return listing(self.folder)
        return self.sandbox.listing() if self.trial.command is not None else []

    def close(self) -> None:
        """Leaves nothing behind."""
        for descriptor in (self.channel, self.other_end):
            if descriptor >= 0:
                os.close(descriptor)
        self.output.close()
        if self.sandbox:
            self.sandbox.close()
        else:
            remove(self.folder)


def _bare_environment() -> dict[str, str]:
    """For a process whose children are strangers: they could read what it was started with."""
    return {name: os.environ[name] for name in KEPT_ENV if name in os.environ} | {"MALLOC_ARENA_MAX": "2"}


def _number(value: object) -> int:
    return value if isinstance(value, int) else -1


class WarmEngine:
    """A forked child a trial; see `checker.engine.Engine`. Started in the background, restarted when it was killed.

    With a `builder`, each trial runs in a sandbox of its own. `branches`: how many versions of a program are kept
    imported, see `checker.engine.server`; worth it where many answers are tried on the same versions.
    """

    name = "warm process, a forked child a trial"

    def __init__(
        self, jobs: int | None = None, builder: Builder | None = None, *, branches: int = 0
    ) -> None:
        self.jobs, self.branches = jobs or processors(), branches
        self.isolation = Isolation()
        self._builder, self._ahead = builder, deque[Sandbox]()
        self._lock = threading.Lock()
        self._process: subprocess.Popen | None = None
        self._start()

    def _start(self) -> None:
        remove_left_over()
        self._control, theirs = socket.socketpair()
        self._rest, self._ready = b"", False
        self._log, self._desk = tempfile.TemporaryFile(), private_folder()
        with theirs:
            try:
                self._process = subprocess.Popen(
                    [sys.executable, "-I", str(SERVER), str(theirs.fileno()), str(self._desk), str(self.branches)],
                    pass_fds=[theirs.fileno()],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=self._log,
                    start_new_session=True,
                    env=_bare_environment() if self._builder else None,
                )
            except OSError as error:
                raise EngineError(
                    f"The engine could not be started ({error}). Close other programs, try again."
                ) from error

    def run(self, trials: Sequence[Trial]) -> Iterator[tuple[int, Record]]:
        """Yields (index, record) in the order in which the trials end. One caller at a time."""
        with self._lock:
            if self._process is None or self._process.poll() is not None:
                self._stop()
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
                        number = secrets.randbits(60)  # a count would tell a trial how many there were
                        one = _Running(index, number, trial, self._desk, self._sandbox(len(waiting)))
                        running[number] = one
                        one.hand_over(self._control)
                        selector.register(one.channel, selectors.EVENT_READ, one)
                    yield from self._step(selector, running)
            except (BrokenPipeError, ConnectionResetError) as error:
                broken = True
                raise self._dead() from error
            except (EngineError, OSError, KeyboardInterrupt):
                broken = True
                raise
            finally:
                if broken:
                    self._abandon()
                elif running:
                    self._end(running)
                for one in (*running.values(), *self._ahead):
                    one.close()
                self._ahead.clear()

    def _sandbox(self, more: int) -> Sandbox | None:
        """One that stands, if trials are to run in any; those for the next trials are begun, so that none waits."""
        if self._builder is None:
            return None
        while len(self._ahead) < 1 + min(more, self.jobs):
            self._ahead.append(self._builder.build())
        sandbox = self._ahead.popleft()
        try:
            sandbox.wait()
        except BaseException:
            sandbox.close()
            raise
        return sandbox

    def _step(
        self, selector: selectors.BaseSelector, running: dict[int, _Running]
    ) -> Iterator[tuple[int, Record]]:
        """Waits until something happens or the next deadline comes, and deals with it."""
        pause = min(
            (one.deadline.left() for one in running.values() if not one.killed), default=GONE_SECONDS / 4
        )
        ended = []
        for key, _ in selector.select(min(pause, GLANCE) if self._builder else pause):
            if key.data is None:
                for message in self._messages():
                    one = running.get(_number(message.get("done")))
                    if one is not None:
                        self._forget(selector, one)
                        record = one.record(message["status"])
                        del running[one.number]
                        if one.sandbox and not one.events.entered:
                            said = (record.output.strip().splitlines() or ["it said nothing"])[-1]
                            one.close()
                            raise EngineError(
                                f"A trial could not enter its sandbox ({said}). Nothing was graded."
                            )
                        one.close()
                        ended.append((one.index, record))
            elif key.data.number in running:
                key.data.drain()
                if key.data.events.code is not None or key.data.events.broken:
                    self._forget(selector, key.data)
        for one in running.values():
            if not one.killed:
                one.watch()
            if not one.killed and one.deadline.over():
                one.drain()  # what it sent while we were busy elsewhere counts
            if not one.killed and (one.deadline.over() or one.events.broken):
                one.timed_out, one.killed = not one.events.broken and one.events.code is None, True
                one.killed_at = time.monotonic()
                self._send({"kill": one.number})
                self._forget(selector, one)
            if one.killed and time.monotonic() - one.killed_at > GONE_SECONDS:
                raise EngineError(
                    "The engine's process does not answer any more. Nothing was graded; run it again."
                )
        # Not sooner: who takes these may stop here, and the trials that ended with them would be waited for in vain.
        yield from ended

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
        try:
            found = [{**json.loads(line)} for line in lines]
        except (ValueError, TypeError, RecursionError) as error:
            raise EngineError("The engine's process sent what is no message. Nothing was graded.") from error
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
        self._control.settimeout(GONE_SECONDS)
        try:
            for number in waited:
                self._send({"kill": number})
            while waited:
                waited -= {message.get("done") for message in self._messages()}
        except (EngineError, OSError):
            self._abandon()
        finally:
            self._control.settimeout(None)

    def _abandon(self) -> None:
        """After an interrupt or a fault: ends the warm process and all its children; the next run starts a new one."""
        if self._process is not None:
            kill_tree(self._process.pid)
            self._process.wait()
            kill_within(self._desk)

    def renew(self) -> None:
        """A new warm process, in which texts have other hashes."""
        with self._lock:
            self._stop()
            self._start()

    def close(self) -> None:
        """Ends the warm process and waits until it is gone."""
        self._stop()
        if self._builder is not None:
            self._builder.close()

    def _stop(self) -> None:
        """Ends the warm process; what sandboxes are built with stays for the next one."""
        self._control.close()
        self._log.close()
        if self._process is not None:
            if self._process.poll() is None:  # else its number may be another's by now
                kill_tree(self._process.pid)
                self._process.wait()
            self._process = None
        remove(self._desk)
