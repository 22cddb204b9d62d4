"""Interrupt ends what runs in the worker; what cannot be ended is given up without harm to the process."""

import _thread
import asyncio
import sys
import threading
import warnings

import pytest

from checker.magics import worker


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(worker, "GRACE", 0.4)


def interrupt_when(started):
    """Send the process an interrupt, as Kernel, Interrupt does, once the function runs."""

    def send():
        started.wait(10)
        _thread.interrupt_main()

    threading.Thread(target=send, daemon=True).start()


def test_the_result_and_the_error_come_back():
    assert worker.run(lambda: 7, lambda stuck: None) == worker.Ended(7)
    error = ValueError("x")

    def fail():
        raise error

    assert worker.run(fail, lambda stuck: None).error is error


def test_a_coroutine_that_waits_is_cancelled_and_its_line_known(quick):
    started, told = threading.Event(), []

    async def wait_for_ever():
        started.set()
        await asyncio.Event().wait()

    def run():
        with asyncio.Runner() as runner:
            runner.run(wait_for_ever())

    interrupt_when(started)
    ended = worker.run(run, told.append)
    assert ended.interrupted and not ended.alive
    assert isinstance(ended.error, asyncio.CancelledError)
    line = wait_for_ever.__code__.co_firstlineno + 2
    assert (__file__, line) in told[0][0]


def test_a_loop_of_python_is_broken_off(quick):
    started, told = threading.Event(), []

    def spin():
        started.set()
        while True:
            pass

    interrupt_when(started)
    ended = worker.run(spin, told.append)
    assert ended.interrupted and not ended.alive
    assert told[0][0][-1][0] == __file__


def test_a_call_that_cannot_be_broken_off_is_given_up_and_the_process_restored(quick, monkeypatch):
    started, freed, restored = threading.Event(), threading.Event(), sys.stdout

    def block():
        sys.stdout = None
        warnings.simplefilter("ignore")
        lock = _thread.allocate_lock()
        lock.acquire()
        freed.lock = lock
        started.set()
        with lock:
            pass

    filters = list(warnings.filters)
    interrupt_when(started)
    ended = worker.run(block, lambda stuck: None)
    assert ended.interrupted and ended.alive
    assert sys.stdout is restored and warnings.filters == filters
    freed.lock.release()
