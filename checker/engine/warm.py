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
from copy import copy
from pathlib import Path
from queue import SimpleQueue

from checker.engine import EngineClosed, EngineError, Record, Trial
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


class _Call:
    """The trials of one caller: which of them wait, how many run, and what the caller is to hear.

    `alone`: no trial of another call runs beside them. `left`: the caller waits for nothing more; `over`: nothing runs.
    """

    def __init__(self, trials: Sequence[Trial]) -> None:
        self.waiting, self.running = deque(enumerate(trials)), 0
        self.said: SimpleQueue[tuple[int, Record] | Exception] = SimpleQueue()
        self.alone = self.left = False
        self.over = threading.Event()


class _Running:
    """One trial under way, as its supervisor sees it."""

    def __init__(self, call: _Call, index: int, trial: Trial, within: Path, sandbox: Sandbox | None) -> None:
        self.call, self.index, self.trial, self.sandbox = call, index, trial, sandbox
        self.number = secrets.randbits(60)  # a count would tell a trial how many there were
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

    def drain(self) -> bool:
        """Reads what has arrived, without waiting; whether more can come."""
        with contextlib.suppress(BlockingIOError):
            while data := os.read(self.channel, 2**16):
                self.events.feed(data)
                self.deadline.moved(len(self.events.tests))
                if self.events.broken:
                    return False
            return False  # all that could write have closed it
        return self.events.code is None

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

    A thread of its own does the work for all callers. A fault while it serves several of them is nobody's yet: each is
    then served alone in a new warm process, and who meets it again hears of it.
    """

    name = "warm process, a forked child a trial"

    def __init__(
        self, jobs: int | None = None, builder: Builder | None = None, *, branches: int = 0
    ) -> None:
        self.jobs, self.branches = jobs or processors(), branches
        self.isolation = Isolation()
        self._builder, self._ahead = builder, deque[Sandbox]()
        self._calls: deque[_Call] = deque()
        self._running: dict[int, _Running] = {}
        self._closed, self._lock = False, threading.Lock()
        self._bell, self._clapper = socket.socketpair()
        self._bell.setblocking(False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._bell, selectors.EVENT_READ)
        self._process: subprocess.Popen | None = None
        self._start()
        self._thread = threading.Thread(target=self._serve, name="engine", daemon=True)
        self._thread.start()

    def another(self) -> WarmEngine:
        """An engine of the same kind with a warm process of its own, in which texts have other hashes."""
        engine = WarmEngine(self.jobs, self._builder and Builder(self._builder.layout))
        engine.isolation = self.isolation
        return engine

    def run(self, trials: Sequence[Trial]) -> Iterator[tuple[int, Record]]:
        """Yields (index, record) in the order in which the trials end. Several callers share the engine."""
        call = _Call(trials)
        with self._lock:
            if self._closed:
                raise EngineClosed
            self._calls.append(call)
            self._ring()
        try:
            for _ in trials:
                said = call.said.get()
                if isinstance(said, Exception):
                    raise said
                yield said
        finally:
            with self._lock:
                call.left = True
                self._ring()
            call.over.wait()

    def close(self) -> None:
        """Ends the warm process and waits until it is gone; who still waits for a trial gets an `EngineError`."""
        with self._lock:
            self._closed = True
            self._ring()
        self._thread.join()
        self._bell.close()
        self._clapper.close()
        self._selector.close()
        if self._builder is not None:
            self._builder.close()

    def _ring(self) -> None:
        """Wakes the thread; its bell rings at most a few hundred times before it looks."""
        with contextlib.suppress(OSError):
            self._clapper.send(b"!", socket.MSG_DONTWAIT)

    def _start(self) -> None:
        remove_left_over()
        self._control, theirs = socket.socketpair()
        self._rest, self._ready = b"", False
        self._log, self._desk = tempfile.TemporaryFile(), private_folder()
        self._started = time.monotonic()
        self._selector.register(self._control, selectors.EVENT_READ)
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
                self._stop()
                raise EngineError(
                    f"The engine could not be started ({error}). Close other programs, try again."
                ) from error

    def _serve(self) -> None:
        """What the thread does until the engine is closed."""
        while not self._closed:
            try:
                if self._process is None and self._calls:
                    self._start()
                self._look_after_calls()
                self._begin_trials()
                self._step()
            except (BrokenPipeError, ConnectionResetError):
                self._fail(self._dead())
            except Exception as error:
                self._fail(error)
        self._stop()
        for call in self._calls:
            call.said.put(EngineClosed())
            call.over.set()

    def _look_after_calls(self) -> None:
        """Ends the trials that nobody waits for any more, and the calls of which nothing is left."""
        for call in tuple(self._calls):
            if call.left:
                call.waiting.clear()
                for one in self._running.values():
                    if one.call is call and not one.killed:
                        self._kill(one)
            if not call.waiting and not call.running:
                self._calls.remove(call)
                call.over.set()

    def _begin_trials(self) -> None:
        """Begins as many as may run; those of the call that has the fewest under way go first."""
        calls = tuple(self._calls)
        if calls and calls[0].alone:
            calls = calls[:1]
        while True:
            waiting = [call for call in calls if call.waiting]
            self._build_ahead(sum(len(call.waiting) for call in waiting))
            if not (self._ready and waiting and len(self._running) < self.jobs):
                return
            self._begin(min(waiting, key=lambda call: call.running))

    def _begin(self, call: _Call) -> None:
        """Begins the next trial of a call."""
        sandbox = self._next_sandbox()
        try:
            one = _Running(call, *call.waiting[0], self._desk, sandbox)
        except BaseException:
            if sandbox:
                sandbox.close()
            raise
        self._running[one.number] = one
        call.waiting.popleft()
        call.running += 1
        one.hand_over(self._control)
        self._selector.register(one.channel, selectors.EVENT_READ, one)

    def _build_ahead(self, waiting: int) -> None:
        """Begins the sandboxes of the next trials, so that none of these waits, and gives up those too many."""
        while self._builder and len(self._ahead) < min(waiting, 1 + self.jobs):
            self._ahead.append(self._builder.build())
        while len(self._ahead) > waiting:
            self._ahead.pop().close()

    def _next_sandbox(self) -> Sandbox | None:
        """One that stands, if trials are to run in any."""
        if self._builder is None:
            return None
        sandbox = self._ahead.popleft()
        try:
            sandbox.wait()
        except BaseException:
            sandbox.close()
            raise
        return sandbox

    def _step(self) -> None:
        """Waits until something happens or the next deadline comes, and deals with it."""
        for key, _ in self._selector.select(self._pause()):
            if key.fileobj is self._bell:
                self._bell.recv(4096)
            elif key.fileobj is self._control:
                for message in self._messages():
                    if one := self._running.get(_number(message.get("done"))):
                        self._end(one, message["status"])
            elif key.data.number in self._running:
                if not key.data.drain():
                    self._forget(key.data)  # else the end of a channel would wake us again and again
        for one in self._running.values():
            if not one.killed:
                one.watch()
            if not one.killed and one.deadline.over():
                one.drain()  # what it sent while we were busy elsewhere counts
            if not one.killed and (one.deadline.over() or one.events.broken):
                one.timed_out = not one.events.broken and one.events.code is None
                self._kill(one)
            if one.killed and time.monotonic() - one.killed_at > GONE_SECONDS:
                raise EngineError(
                    "The engine's process does not answer any more. Nothing was graded; run it again."
                )
        if self._process and not self._ready and time.monotonic() - self._started > READY_SECONDS:
            raise EngineError(
                f"The engine was not ready after {READY_SECONDS} seconds. Try again, or use --fresh."
            )

    def _pause(self) -> float | None:
        """The longest time in which nothing has to be looked at; None where there is no such time."""
        if not self._running:
            return READY_SECONDS / 4 if self._process and not self._ready else None
        pause = min((one.deadline.left() for one in self._running.values() if not one.killed), default=GONE_SECONDS / 4)
        return min(pause, GLANCE) if self._builder else pause

    def _end(self, one: _Running, status: int) -> None:
        """Tells the caller of a trial what it did."""
        self._forget(one)
        record = one.record(status)
        if one.sandbox and not one.events.entered and not one.call.left:
            said = (record.output.strip().splitlines() or ["it said nothing"])[-1]
            raise EngineError(f"A trial could not enter its sandbox ({said}). Nothing was graded.")
        del self._running[one.number]
        one.close()
        one.call.running -= 1
        one.call.said.put((one.index, record))

    def _kill(self, one: _Running) -> None:
        """Ends a trial. The warm process says when it is gone."""
        one.killed, one.killed_at = True, time.monotonic()
        self._control.sendall(json.dumps({"kill": one.number}).encode() + b"\n")
        self._forget(one)

    def _forget(self, one: _Running) -> None:
        with contextlib.suppress(KeyError):
            self._selector.unregister(one.channel)

    def _messages(self) -> list[dict]:
        data = self._control.recv(65536)
        if not data and self._ready and not self._running:
            self._stop()  # nobody needed it
            return []
        if not data:
            raise self._dead()
        *lines, self._rest = (self._rest + data).split(b"\n")
        try:
            found = [{**json.loads(line)} for line in lines]
        except (ValueError, TypeError, RecursionError) as error:
            raise EngineError("The engine's process sent what is no message. Nothing was graded.") from error
        self._ready = self._ready or any("ready" in message for message in found)
        return found

    def _dead(self) -> EngineError:
        self._log.seek(0)
        said = self._log.read(4000).decode("utf-8", "replace").strip().splitlines()
        return EngineError(
            "The engine's process ended while it was needed"
            + (f": {said[-1]}" if said else "")
            + ". Nothing was graded; run it again."
        )

    def _fail(self, error: Exception) -> None:
        """Ends all that runs, and tells the caller that it is due to; any other is served alone from where it was."""
        for one in self._running.values():
            one.call.waiting.appendleft((one.index, one.trial))
            one.call.running -= 1
        self._stop()
        calls = tuple(self._calls)
        if calls and (calls[0].alone or len(calls) == 1):
            self._calls.popleft()
            calls[0].said.put(copy(error))
            calls[0].over.set()
        for call in calls:
            call.alone = True

    def _stop(self) -> None:
        """Ends the warm process and all its children; what sandboxes are built with stays for the next one."""
        if self._process is not None:
            if self._process.poll() is None:  # else its number may be another's by now
                kill_tree(self._process.pid)
                self._process.wait()
            if self._running:
                kill_within(self._desk)
            self._process = None
        for one in self._running.values():
            self._forget(one)
        for one in (*self._running.values(), *self._ahead):
            one.close()
        self._running.clear()
        self._ahead.clear()
        with contextlib.suppress(KeyError, ValueError):
            self._selector.unregister(self._control)
        self._control.close()
        self._log.close()
        remove(self._desk)
