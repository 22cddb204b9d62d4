"""A fault of the grader is `grader_error`, never a score, and the next answer is graded as if nothing had been."""

import errno
import json
import os
import resource
import signal
import threading
import time

import psutil
import pytest

from checker import cli, marking
from checker.bootstrap import ROOT
from checker.contract import load_readable
from checker.engine import deadline
from checker.engine import warm as warm_module
from checker.engine.warm import WarmEngine
from checker.grade import grade
from checker.marking import Marker, sources
from tests.checker.grade.conftest import CONTRACT
from tests.checker.notebooks import code, save
from tests.checker.processes import gone

RIGHT = """
import pytest
from shop import price


async def test_price():
    assert await price(2) == 4


async def test_negative():
    with pytest.raises(ValueError):
        await price(-1)
"""
HANGS = "import threading\n\n\ndef test_price():\n    threading.Event().wait()\n"
GARBLES = """
import socket, sys, threading
line = socket.socket(fileno=int(sys.argv[1]))
line.sendall(b'{"ready": true}\\n')
line.recv(1)  # a trial
"""


@pytest.fixture
def engine():
    engine = WarmEngine()
    yield engine
    engine.close()


@pytest.fixture
def verdict(engine, small):
    return lambda answer: grade(small["0.1"], {"test_answer.py": answer}, engine).verdict


def meanwhile(action, process):
    """Does something to the warm process as soon as it has a child."""

    def wait():
        while not process.children():
            time.sleep(0.01)  # until a trial is forked
        action()

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_an_engine_that_is_killed_in_the_middle(engine, verdict, number):
    verdict(RIGHT)
    process = psutil.Process(engine._process.pid)
    killer = meanwhile(lambda: process.send_signal(number), process)
    assert verdict(HANGS) == "grader_error"
    killer.join()
    assert verdict(RIGHT) == "passed"


def test_an_engine_that_is_stopped_in_the_middle(engine, verdict, monkeypatch):
    monkeypatch.setattr(warm_module, "GONE_SECONDS", 0.5)
    verdict(RIGHT)
    process = psutil.Process(engine._process.pid)
    killer = meanwhile(process.suspend, process)
    assert verdict(HANGS) == "grader_error"
    killer.join()
    assert not process.is_running()
    assert verdict(RIGHT) == "passed"


def test_an_engine_that_is_never_ready(small, monkeypatch, tmp_path):
    server = tmp_path / "server.py"
    server.write_text("import threading\nthreading.Event().wait()\n")
    monkeypatch.setattr(warm_module, "READY_SECONDS", 0.3)
    with monkeypatch.context() as changed:
        changed.setattr(warm_module, "SERVER", server)
        engine = WarmEngine()
    try:
        process = psutil.Process(engine._process.pid)
        said = grade(small["0.1"], {"test_answer.py": RIGHT}, engine)
        assert said.verdict == "grader_error"
        assert "was not ready" in said.headline
        assert not process.is_running()
        monkeypatch.setattr(warm_module, "READY_SECONDS", 60)
        assert grade(small["0.1"], {"test_answer.py": RIGHT}, engine).verdict == "passed"
    finally:
        engine.close()


@pytest.mark.parametrize(
    "garbage", [b"\xff\xfe\n", b"7\n", b'{"done": []}\n', b"[" * 9000 + b"\n"], ids=range(4)
)
def test_an_engine_that_sends_garbage(small, monkeypatch, tmp_path, garbage):
    server = tmp_path / "server.py"
    server.write_text(f"{GARBLES}line.sendall({garbage!r})\nthreading.Event().wait()\n")
    with monkeypatch.context() as changed:
        changed.setattr(warm_module, "SERVER", server)
        engine = WarmEngine()
    monkeypatch.setattr(warm_module, "GONE_SECONDS", 2)
    monkeypatch.setattr(deadline, "START_SECONDS", 2.0)
    try:
        assert grade(small["0.1"], {"test_answer.py": RIGHT}, engine).verdict == "grader_error"
        assert grade(small["0.1"], {"test_answer.py": RIGHT}, engine).verdict == "passed"
    finally:
        engine.close()


def full(*_, **__):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/somewhere")


@pytest.mark.parametrize("what", ["private_folder", "tempfile.TemporaryFile"])
def test_a_disk_that_is_full_for_the_supervisor(verdict, monkeypatch, what):
    verdict(RIGHT)
    with monkeypatch.context() as changed:
        changed.setattr(f"checker.engine.warm.{what}", full)
        assert verdict(RIGHT) == "grader_error"
    assert verdict(RIGHT) == "passed"


def test_a_disk_that_is_full_for_the_trial(engine, verdict):
    """The process of a trial cannot write its files: no learner's code ran, so no learner is to blame."""
    verdict(RIGHT)
    process = psutil.Process(engine._process.pid)
    process.rlimit(resource.RLIMIT_FSIZE, (0, 0))
    assert verdict(RIGHT) == "grader_error"
    process.kill()  # a new one has room again
    assert gone(process.pid)
    assert verdict(RIGHT) == "passed"


def test_what_nobody_foresaw_costs_one_answer_its_verdict_and_no_other(engine, small, monkeypatch, tmp_path):
    def broken(exercise, *rest):
        if exercise.id == "0.1":
            raise ZeroDivisionError("boom")
        return judge(exercise, *rest)

    judge = marking.judge
    monkeypatch.setattr(marking, "judge", broken)
    monkeypatch.setattr(marking, "load_readable", lambda root: (small, {}))
    monkeypatch.setattr("checker.fault._log", lambda error, root: None)
    command = "%%exercise 0.5\npytest -v -k test_b\n"
    path = save(tmp_path / "room", code(f"%%exercise 0.1\n{RIGHT}"), code(command))
    [submission] = Marker(ROOT, engine, None).mark(sources([str(path)], ROOT))
    found = {verdict.exercise: verdict.verdict for verdict in submission.verdicts}
    assert (found["0.1"], found["0.5"], submission.exit_code) == ("grader_error", "passed", 3)


def test_a_contract_that_cannot_be_read_costs_its_own_lesson_the_score(monkeypatch, tmp_path, capsys):
    """The fault names the file; other lessons are graded; when it is mended, the same notebook is graded."""
    folder, room = tmp_path / "contracts", tmp_path / "room"
    folder.mkdir()
    contract, other = folder / CONTRACT.name, folder / "01_other.toml"
    sound = CONTRACT.read_text("utf-8")
    contract.write_text(f"{sound}\nspoilt = [", "utf-8")
    other.write_text(sound.replace('id = "0.', 'id = "1.'), "utf-8")
    save(room, code(f"%%exercise 0.1\n{RIGHT}"), name="answers_it.ipynb")
    save(room, code(f"%%exercise 1.1\n{RIGHT}"), code(f"%%exercise 0.1\n{RIGHT}"), name="answers_both.ipynb")
    save(room, code("1"), name=f"of_{contract.stem}.ipynb")
    monkeypatch.setattr(marking, "load_readable", lambda root: load_readable(root, folder))
    words = ["grade", "--unsafe", "--json", "-", str(room)]

    assert cli.main(words, ROOT) == 3
    both, it, empty = json.loads(capsys.readouterr().out)["submissions"]
    verdicts = {one["id"]: one["verdict"] for one in both["exercises"]}
    assert verdicts["1.1"] == "passed"
    assert verdicts["0.1"] == "grader_error"
    [fault] = it["exercises"]
    assert (fault["id"], fault["verdict"]) == ("0.1", "grader_error")
    assert f"{contract}: is not valid TOML" in fault["headline"]
    assert [one["verdict"] for one in empty["exercises"]] == ["grader_error"]
    assert empty["notebook"]["fault"]

    contract.write_text(sound, "utf-8")
    cli.main([*words, "--no-notebook"], ROOT)
    verdicts = {one["id"]: one["verdict"] for one in json.loads(capsys.readouterr().out)["submissions"][1]["exercises"]}
    assert verdicts["0.1"] == "passed"
