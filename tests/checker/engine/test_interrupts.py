"""Whenever the engine, or who uses it, is interrupted or killed: no process, no file and no lock is left."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from checker.engine.processes import end_left_over, remove_left_over
from tests.checker.interrupts import listens_to_interrupts
from tests.checker.processes import owned_by

ROOT = Path(__file__).parents[3]
WAITS = "import signal; signal.pause()"
# Says where it is, a line a point. Its trial has a child in a session of its own.
SCRIPT = """
import sys
from contextlib import closing
from checker.engine import EngineError, Trial
from checker.engine.fresh import FreshEngine
from checker.engine.open import open_class_engine
from checker.engine.warm import WarmEngine

ENDLESS = '''
import subprocess, sys, threading
subprocess.Popen([sys.executable, "-c", "{waits}"], start_new_session=True)
threading.Event().wait()
'''
quick, endless = Trial({{"test_answer.py": "def test_a(): pass"}}), Trial({{"test_answer.py": ENDLESS}}, seconds=60)
with closing({opened}()) as engine:
    print("begun", flush=True)
    try:
        list(engine.run([quick]))
        print("between", flush=True)
        sys.stdin.readline()
        list(engine.run([endless]))
    except EngineError:
        print("fault", flush=True)
    list(engine.run([quick]))
"""


@pytest.fixture
def places(tmp_path, monkeypatch):
    """Where temporary files may be left: a folder of our own, and the memory's."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    return folder


def words(process: psutil.Process) -> str:
    """Its command line; nothing where it has ended."""
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def all_gone(processes, seconds: float = 60) -> list[psutil.Process]:
    return psutil.wait_procs(processes, timeout=seconds)[1]


def eventually(condition, seconds: float = 90) -> bool:
    end = time.monotonic() + seconds
    while not (true := condition()) and time.monotonic() < end:
        time.sleep(0.02)
    return true


def folders_of(family) -> set[Path]:
    """The private folders that these processes name in their command lines."""
    paths = {Path(word) for process in family for word in words(process).split() if "trial-" in word}
    return {parent for path in paths for parent in (path, *path.parents) if "trial-" in parent.name}


@pytest.mark.skipif(sys.platform != "linux", reason="a parent's death is told to its children on Linux only")
@pytest.mark.parametrize("point", ["begun", "between", "within"])
@pytest.mark.parametrize("action", ["interrupt", "kill", "kill the engine"])
@pytest.mark.parametrize(
    "opened", ["WarmEngine", "FreshEngine", pytest.param("open_class_engine", marks=pytest.mark.isolation)]
)
def test_nothing_is_left(opened, action, point, places):
    script = SCRIPT.format(opened=opened, waits=WAITS)
    process = subprocess.Popen(
        [sys.executable, "-c", script],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        preexec_fn=listens_to_interrupts,
    )
    me = psutil.Process(process.pid)
    try:
        assert process.stdout.readline() == "begun\n"
        if point != "begun":
            assert process.stdout.readline() == "between\n"
        if point == "within":
            process.stdin.write("\n")
            process.stdin.flush()
            # By its end: a fork of the script shows the script's words, which contain the child's.
            assert eventually(lambda: any(words(one).endswith(WAITS) for one in me.children(recursive=True)))
        family = me.children(recursive=True)
        folders = folders_of(family)
        if action == "kill the engine":
            for one in [one for one in family if "server.py" in words(one) or "child.py" in words(one)][:1]:
                one.kill()
        elif action == "kill":
            me.kill()
        else:
            me.send_signal(signal.SIGINT)
        if action == "kill the engine" and point != "within":
            me.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
        assert all_gone(family) == []
        if (opened, action) == ("FreshEngine", "kill"):
            remove_left_over()  # as the next engine does: a trial may have had a folder, and no process yet
        if action == "kill":  # as the next class engine does: a sandbox may have been half built
            assert eventually(lambda: end_left_over("bwrap") or not owned_by(process.pid))
        assert owned_by(process.pid) == []
        assert eventually(lambda: not [folder for folder in folders if folder.exists()])
        assert eventually(lambda: list(places.iterdir()) == [])
    finally:
        process.kill()
        process.wait()
