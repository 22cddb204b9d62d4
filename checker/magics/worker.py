"""Runs a function in a thread of its own so that Interrupt ends it and the kernel goes on.

pytest-asyncio needs a thread without a running loop, which the kernel's main thread is not. Interrupt reaches
the main thread alone, so that is where the waiting is; the worker's loop is found and its tasks cancelled.
"""

from __future__ import annotations

import asyncio
import contextvars
import ctypes
import logging
import os
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import CoroutineType, FrameType

GRACE = 2.0  # seconds for an interrupted test to end, and for its fixtures to be torn down
ORIGIN_DEPTH = 16  # frames that a never-awaited coroutine remembers of where it was made
_TICK = 0.2  # seconds; on Windows a wait without an end cannot be interrupted

Line = tuple[str, int]


@dataclass(frozen=True)
class Ended:
    """How the function ended. `result` is None unless it returned, `error` what it raised.

    `interrupted`: it was asked to end. `alive`: it could not be stopped.
    """

    result: object = None
    error: BaseException | None = None
    interrupted: bool = False
    alive: bool = False


def run(function: Callable[[], object], on_interrupt: Callable[[list[list[Line]]], None]) -> Ended:
    """Call `function` in a worker.

    `on_interrupt` is told where it was stuck before anything is stopped: as (file, line), outermost first,
    one list for each thing that waited.
    """
    done = threading.Event()
    outcome: dict[str, object] = {}

    def work() -> None:
        sys.set_coroutine_origin_tracking_depth(ORIGIN_DEPTH)
        try:
            outcome["result"] = function()
        except BaseException as error:
            outcome["error"] = error
        finally:
            done.set()

    # The context carries the cell whose output a print belongs to.
    thread = threading.Thread(
        target=contextvars.copy_context().run, args=(work,), daemon=True, name="ipytest"
    )
    interrupted = False
    with _kernel_state(done):
        try:
            thread.start()
            _wait(done)
        except KeyboardInterrupt:
            interrupted = True
            _end(thread, done, on_interrupt)
    return Ended(outcome.get("result"), outcome.get("error"), interrupted, not done.is_set())


def _wait(done: threading.Event, seconds: float = float("inf")) -> bool:
    end = time.monotonic() + seconds
    while not done.wait(min(_TICK, max(0.0, end - time.monotonic()))):
        if time.monotonic() >= end:
            return False
    return True


def _end(
    thread: threading.Thread, done: threading.Event, on_interrupt: Callable[[list[list[Line]]], None]
) -> None:
    """Cancel what its loop runs; if that is not enough, raise KeyboardInterrupt in it. Then give up."""
    try:
        loop = _loop_of(thread)
        on_interrupt(_stuck(thread, loop))
        if loop is not None and _is_idle(thread):
            loop.call_soon_threadsafe(_cancel_all, loop)
            if _wait(done, GRACE):
                return
        for _ in range(2):
            ctypes.pythonapi.PyThreadState_SetAsyncExc(
                ctypes.c_ulong(thread.ident), ctypes.py_object(KeyboardInterrupt)
            )
            if loop is not None and not loop.is_closed():
                loop.call_soon_threadsafe(
                    lambda: None
                )  # wakes a loop that waits, so that the exception is raised
            if _wait(done, GRACE / 2):
                return
    except KeyboardInterrupt:
        return  # asked again: do not wait any longer


def _cancel_all(loop: asyncio.AbstractEventLoop) -> None:
    for task in asyncio.all_tasks(loop):
        task.cancel()


def _frames(thread: threading.Thread) -> list[FrameType]:
    """The thread's frames, innermost first."""
    frame = sys._current_frames().get(thread.ident)
    frames = []
    while frame is not None:
        frames.append(frame)
        frame = frame.f_back
    return frames


def _loop_of(thread: threading.Thread) -> asyncio.AbstractEventLoop | None:
    for frame in _frames(thread):
        if frame.f_code.co_name == "run_forever":
            loop = frame.f_locals.get("self")
            if isinstance(loop, asyncio.AbstractEventLoop):
                return loop
    return None


def _is_idle(thread: threading.Thread) -> bool:
    """Whether the loop waits for something to happen, rather than running a task's code."""
    for frame in _frames(thread):
        if frame.f_code.co_name == "_run":  # a handle is being run
            return False
        if frame.f_code.co_name == "run_forever":
            return True
    return False


def _stuck(thread: threading.Thread, loop: asyncio.AbstractEventLoop | None) -> list[list[Line]]:
    if loop is not None and _is_idle(thread):
        tasks = sorted(asyncio.all_tasks(loop), key=lambda task: (len(task.get_name()), task.get_name()))
        return [list(_awaits(task.get_coro())) for task in tasks]
    return [[(frame.f_code.co_filename, frame.f_lineno) for frame in reversed(_frames(thread))]]


def _awaits(waiting: object) -> Iterator[Line]:
    """The lines of a coroutine and of what it awaits, down to the innermost."""
    while waiting is not None:
        prefix = (
            "cr" if isinstance(waiting, CoroutineType) else "ag" if hasattr(waiting, "ag_frame") else "gi"
        )
        frame = getattr(waiting, f"{prefix}_frame", None)
        if frame is not None:
            yield frame.f_code.co_filename, frame.f_lineno
        waiting = getattr(waiting, f"{prefix}_yieldfrom" if prefix == "gi" else f"{prefix}_await", None)


@contextmanager
def _kernel_state(done: threading.Event) -> Iterator[None]:
    """A worker that is given up cannot undo what pytest changed for the whole process: it is undone here."""
    import __main__

    root = logging.getLogger()
    streams = sys.stdin, sys.stdout, sys.stderr
    hooks = sys.unraisablehook, threading.excepthook
    finders, handlers, level = list(sys.meta_path), list(root.handlers), root.level
    environment, folder = dict(os.environ), os.getcwd()
    had_file, file = hasattr(__main__, "__file__"), getattr(__main__, "__file__", None)
    filters = warnings.catch_warnings()
    filters.__enter__()
    try:
        yield
    finally:
        filters.__exit__(None, None, None)
        if not done.is_set():
            sys.stdin, sys.stdout, sys.stderr = streams
            sys.unraisablehook, threading.excepthook = hooks
            sys.meta_path[:] = finders
            root.handlers[:], root.level = handlers, level
            os.environ.clear()
            os.environ.update(environment)
            os.chdir(folder)
            if had_file:
                __main__.__file__ = file
            elif hasattr(__main__, "__file__"):
                del __main__.__file__
