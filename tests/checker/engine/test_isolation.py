"""The class tier is tried out before anything is graded, and refused where something is not contained."""

import subprocess
import sys
from dataclasses import fields, replace

import pytest

from checker.engine import probe as probing
from checker.engine.isolation import CLASS, WENT_WRONG, Facts, Isolation
from checker.engine.open import open_class_engine
from checker.engine.probe import probe, survivors
from checker.engine.sandbox import NoSandbox, why_not
from checker.engine.warm import WarmEngine

HELD = Facts(*[True] * len(fields(Facts)))
NAMES = [one.name for one in fields(Facts)]
SEEN_FROM_INSIDE = [name for name in NAMES if name != "daemons_end"]


@pytest.fixture(scope="module")
def without():
    """What the probe finds where there is no sandbox."""
    engine = WarmEngine()
    yield probe(engine)
    engine.close()


@pytest.mark.parametrize("name", SEEN_FROM_INSIDE)
@pytest.mark.skipif(sys.platform != "linux", reason="the limits of a sandbox are Linux's")
def test_the_probe_fails_without_a_sandbox(without, name):
    assert not getattr(without, name)
    assert WENT_WRONG[name] in without.failed


def test_a_process_that_was_left_behind_is_found_and_ended():
    script = "import sys; open('/proc/self/comm', 'w').write('probe-left'); print(flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", script]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as left:
        left.stdout.readline()  # until it has its name
        assert survivors("probe-left") == [left.pid]
        assert left.wait() == -9
    assert survivors("probe-left") == []


@pytest.mark.isolation
def test_in_a_sandbox_everything_is_contained():
    engine = open_class_engine(jobs=1)
    try:
        assert engine.isolation.facts == HELD
        assert probe(engine) == HELD  # and again
    finally:
        engine.close()


@pytest.mark.isolation
@pytest.mark.parametrize("name", NAMES)
def test_a_fact_that_fails_refuses_the_class_tier_and_is_named(monkeypatch, name):
    monkeypatch.setattr(probing, "probe", lambda engine: replace(HELD, **{name: False}))
    with pytest.raises(NoSandbox, match=WENT_WRONG[name]):
        open_class_engine(jobs=1)


@pytest.mark.isolation
def test_a_daemon_that_lives_on_is_a_fact_that_fails(monkeypatch):
    monkeypatch.setattr(probing, "survivors", lambda name: [1])
    with pytest.raises(NoSandbox, match="a process that it left behind lives on"):
        open_class_engine(jobs=1)


def test_bubblewrap_that_is_absent_is_named_with_the_remedy(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NoSandbox, match="sudo apt install bubblewrap" if sys.platform == "linux" else "need Linux"):
        open_class_engine()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere no program is asked")
def test_bubblewrap_that_refuses_is_quoted(monkeypatch, tmp_path):
    program = tmp_path / "bwrap"
    program.write_text("#!/bin/sh\necho 'bwrap: setting up uid map: Permission denied' >&2\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert why_not() == "bubblewrap cannot build a sandbox here (bwrap: setting up uid map: Permission denied)."


def test_an_engine_promises_no_more_than_was_tried():
    assert not Isolation().contained and not Isolation().strangers
    assert Isolation(unsafe=True).strangers and not Isolation(unsafe=True).contained
    assert Isolation(CLASS, HELD).contained
    assert not Isolation(CLASS, replace(HELD, network_closed=False)).contained
    assert "own machine" in Isolation().sentence and "by --unsafe" in Isolation(unsafe=True).sentence
