"""Which tier `grade` takes, and what it says where that cannot be had."""

import json
import shutil
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.checker.clone import LESSON, PREDICTED, RIGHT, make_clone

OWN = "Checked: own machine: time, memory and file sizes are bounded; nothing here stops a cheat."
UNSAFE = "Checked: own machine, by --unsafe: time, memory"
# Only our Python: no bubblewrap is found there.
BARE = {"PATH": str(Path(sys.executable).parent), "CI": ""}


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """A clone with right answers, and a copy of its notebook in `room`."""
    clone = make_clone(tmp_path_factory.mktemp("clone"))
    clone.answer("3.1", RIGHT)
    clone.answer("3.2", PREDICTED)
    (clone.root / "room").mkdir()
    shutil.copy(clone.notebook, clone.root / "room" / "anna_03.ipynb")
    return clone


@pytest.mark.parametrize("name", ["3.1", f"exercises/{LESSON}.ipynb", "exercises"])
def test_the_learners_own_work_needs_no_sandbox(clone, name):
    ended = clone.call("grade", name, "--no-notebook", **BARE)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert OWN in ended.stdout


@pytest.mark.parametrize("name", ["room", "room/anna_03.ipynb"])
def test_a_strangers_work_is_refused_without_a_sandbox_and_the_remedy_is_named(clone, name):
    ended = clone.call("grade", name, "--no-notebook", **BARE)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "room/anna_03.ipynb does not lie in exercises/" in ended.stderr
    assert "bubblewrap is not installed (sudo apt install bubblewrap)" in ended.stderr
    assert "inside a container that you vouch for: --unsafe" in ended.stderr


def test_unsafe_grades_without_a_sandbox_and_the_report_says_so(clone):
    ended = clone.call("grade", "room/anna_03.ipynb", "--no-notebook", "--unsafe", **BARE)
    assert ended.returncode == 0
    assert UNSAFE in ended.stdout


def test_one_strangers_notebook_makes_the_whole_run_a_class_run(clone):
    ended = clone.call("grade", "3.1", "room", "--no-notebook", **BARE)
    assert ended.returncode == 2


def test_a_class_run_can_be_asked_for(clone):
    ended = clone.call("grade", "3.1", "--class", **BARE)
    assert ended.returncode == 2
    assert "--class was given" in ended.stderr


def test_a_new_python_for_each_trial_has_no_sandbox(clone):
    ended = clone.call("grade", "3.1", "--class", "--fresh")
    assert ended.returncode == 2
    assert "--fresh has no sandbox" in ended.stderr


@pytest.mark.isolation
def test_every_report_names_the_tier_and_what_was_tried(clone, tmp_path):
    files = {"--json": tmp_path / "out.json", "--junit": tmp_path / "out.xml"}
    words = [str(word) for pair in files.items() for word in pair]
    ended = clone.call("grade", "room/anna_03.ipynb", *words, CI="")
    assert (ended.returncode, ended.stderr) == (0, "")
    said = "class, tried out: files, network and other processes are out of reach; "
    assert f"Checked: {said}" in ended.stdout
    assert "4 of 4 cells run as expected" in ended.stdout
    [submission] = json.loads((tmp_path / "out.json").read_text())["submissions"]
    assert all(one["isolation"].startswith(said) for one in submission["exercises"])
    properties = ElementTree.parse(tmp_path / "out.xml").getroot().iter("property")
    assert all(one.get("name") == "isolation" and one.get("value").startswith(said) for one in properties)


@pytest.mark.isolation
def test_a_folder_is_a_class_run(clone):
    ended = clone.call("grade", "room", "--no-notebook", CI="")
    assert ended.returncode == 0
    assert "1 of 1 done. Checked: class, tried out: " in ended.stdout


@pytest.mark.isolation
def test_on_a_runner_the_tier_is_ci(clone):
    ended = clone.call("grade", "room/anna_03.ipynb", "--no-notebook", CI="true")
    assert ended.returncode == 0
    assert "Checked: CI, tried out: files, network and other processes are out of reach; " in ended.stdout
