import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from checker.engine import EngineClosed, EngineError, Trial
from checker.engine.warm import WarmEngine, _Running
from tests.checker.processes import gone

QUICK = Trial({"test_answer.py": "def test_a(): pass\n"})
HANGING = Trial({"test_answer.py": "import time\ndef test_a(): time.sleep(1000)\n"}, seconds=60)


@pytest.fixture
def warm():
    engine = WarmEngine()
    yield engine
    engine.close()


def test_a_killed_engine_is_a_fault_of_the_engine_and_the_next_trial_works(warm):
    results = warm.run([HANGING])
    warm_process = psutil.Process(warm._process.pid)

    def kill():
        while not warm_process.children():
            time.sleep(0.01)  # until the trial is forked
        warm_process.kill()

    killer = threading.Thread(target=kill)
    killer.start()
    with pytest.raises(EngineError, match="Nothing was graded"):
        next(results)
    killer.join()
    assert dict(warm.run([QUICK]))[0].end == "finished"


def test_the_number_of_a_trials_folder_is_nothing_elses():
    """Whatever number the line to the warm process has: a supervisor with many files open hands over high ones."""
    files = {
        "shop/__init__.py": "",
        "shop/prices.py": "def price(): return 3\n",
        "conftest.py": "import shop.prices\n",
    }
    trial = Trial({"test_answer.py": "def test_a(): pass\n", **files}, varied=())
    taken = [os.open(os.devnull, os.O_RDONLY)]
    while taken[-1] < 195:  # an engine opens four before the line
        taken.append(os.open(os.devnull, os.O_RDONLY))
    with closing(WarmEngine(1)) as engine:
        for descriptor in taken:
            os.close(descriptor)
        assert engine._process.args[3] == "200"
        if sys.platform == "linux":
            while not engine._ready:
                time.sleep(0.01)
            opened = [one.readlink().name for one in Path(f"/proc/{engine._process.pid}/fd").iterdir()]
            assert opened.count("server") == 1, "a trial's own descriptors may get the number"
        assert [record.end for _, record in engine.run([trial, trial])] == ["finished"] * 2


def test_two_trials_that_end_at_once_can_be_left_at_the_first(warm, monkeypatch):
    warm.jobs = 2
    list(warm.run([QUICK]))
    messages = warm._messages

    def both():
        found = []
        while sum("done" in message for message in found) < 2:
            found += messages()
        return found

    monkeypatch.setattr(warm, "_messages", both)
    results = warm.run([QUICK, QUICK])
    next(results)
    results.close()


def test_a_trial_that_closes_its_channel_does_not_keep_its_supervisor_busy(warm, monkeypatch):
    drains = []
    monkeypatch.setattr(_Running, "drain", lambda one, itself=_Running.drain: drains.append(itself(one)) or drains[-1])
    closes = Trial({"test_it.py": "import os, time\ndef test_it():\n    os.closerange(3, 99)\n    time.sleep(0.5)\n"})
    [(_, record)] = warm.run([closes])
    assert record.end == "died" and record.culprit == "test_it.py::test_it"
    assert drains.count(False) <= 2 and len(drains) < 20


def test_the_engine_goes_when_its_supervisor_goes():
    script = (
        "from checker.engine.warm import WarmEngine; from checker.engine import Trial\n"
        "engine = WarmEngine(); list(engine.run([Trial({'test_answer.py': 'def test_a(): pass'})]))\n"
        "print(engine._process.pid, engine._desk, flush=True)\nimport os; os.kill(os.getpid(), 9)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    pid, folder = done.stdout.split()
    assert gone(int(pid))
    assert not Path(folder).exists()


def test_closing_leaves_no_process_and_no_folder(warm):
    list(warm.run([QUICK] * 3))
    pid, folder = warm._process.pid, warm._desk
    assert sorted(path.name for path in folder.iterdir()) == ["server"]
    warm.close()
    assert gone(pid)
    assert not folder.exists()


def test_a_trial_sees_the_program_it_was_given_and_no_earlier_one(warm):
    trials = [
        Trial({"test_answer.py": "import shop\ndef test_a(): assert shop.N == 1\n", "shop.py": f"N = {n}\n"})
        for n in (1, 2, 1, 2)
    ]
    found = dict(warm.run(trials))
    assert [found[n].tests[0].outcome for n in range(4)] == ["passed", "failed", "passed", "failed"]


def test_leaving_the_results_when_two_trials_end_at_once_waits_for_neither(warm):
    """Both are ended in the same moment, and only the first is looked at."""
    list(warm.run([QUICK]))
    hanging = Trial({"test_answer.py": "import time\ndef test_a(): time.sleep(1000)\n"}, seconds=0.3)
    for _ in range(5):
        results = warm.run([hanging] * warm.jobs)
        _, record = next(results)
        began = time.monotonic()
        results.close()
        assert record.end == "timed_out"
        assert time.monotonic() - began < 10


def together(*calls) -> list:
    """Calls each in a thread of its own, and returns what came of each: a result or an exception."""
    with ThreadPoolExecutor(len(calls)) as pool:
        futures = [pool.submit(call) for call in calls]
        return [future.exception() or future.result() for future in futures]


def saying(word: str) -> Trial:
    return Trial({"test_answer.py": f"def test_it(record_property): record_property('said', {word!r})\n"})


def said(results) -> list[str]:
    return [record.tests[0].properties["said"] for _, record in sorted(results, key=lambda result: result[0])]


def test_each_of_several_callers_gets_the_results_of_its_own_trials(warm):
    words = [[f"{caller} {n}" for n in range(8)] for caller in "abcd"]
    calls = [lambda own=own: said(warm.run([saying(word) for word in own])) for own in words]
    assert together(*calls) == words


MEETS = """
import os, time
def test_it(record_property):
    mine = os.path.join({folder!r}, str(os.getpid()))
    open(mine, "w").close()
    time.sleep(0.1)
    record_property("at_once", len(os.listdir({folder!r})))
    os.remove(mine)
"""


def test_several_callers_together_have_no_more_trials_at_a_time_than_one(tmp_path):
    trial = Trial({"test_answer.py": MEETS.format(folder=str(tmp_path))})
    with closing(WarmEngine(2)) as warm:
        runs = together(*[lambda: list(warm.run([trial] * 3))] * 3)
    counts = [record.tests[0].properties["at_once"] for run in runs for _, record in run]
    assert max(counts) == 2
    assert len(counts) == 9


def test_a_caller_that_leaves_early_ends_its_own_trials_alone(warm):
    warm.jobs = 2

    def leaves():
        results = warm.run([QUICK, HANGING, HANGING])
        next(results)
        results.close()

    began = time.monotonic()
    assert together(leaves, lambda: said(warm.run([saying(str(n)) for n in range(6)]))) == [None, list("012345")]
    assert time.monotonic() - began < HANGING.seconds / 2


def test_a_fault_that_one_caller_causes_costs_the_others_nothing(warm):
    warm.jobs = 2
    kills = Trial({"test_answer.py": "import os\ndef test_a(): os.kill(os.getppid(), 9)\n"})
    words = [str(n) for n in range(8)]
    fault, *others = together(
        lambda: list(warm.run([QUICK, kills])), *[lambda: said(warm.run([saying(word) for word in words]))] * 2
    )
    assert isinstance(fault, EngineError)
    assert others == [words, words]


def test_who_waits_when_the_engine_is_closed_hears_of_it(warm):
    list(warm.run([QUICK]))

    def close():
        time.sleep(0.3)
        warm.close()

    began = time.monotonic()
    first, second, _ = together(*[lambda: list(warm.run([HANGING]))] * 2, close)
    assert [type(first), type(second)] == [EngineClosed] * 2
    assert time.monotonic() - began < HANGING.seconds / 2
    with pytest.raises(EngineClosed):
        list(warm.run([QUICK]))
