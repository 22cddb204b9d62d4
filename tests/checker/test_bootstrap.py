"""The first run on a bare machine, with a real venv and a real pip on a clone in small."""

import ast
import errno
import fcntl
import importlib.metadata
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet

from checker import __main__ as entry
from checker import bootstrap, installation
from checker.bootstrap import STAMP, is_complete, requirement_files, set_up
from checker.installation import SetUpError, install
from checker.pins import pins
from tests.checker.bare_clone import EXIT_CODE, add_wheel, environment, make_clone, run
from tests.checker.interrupts import listens_to_interrupts

NAMES = ["requirements.txt"]


@pytest.fixture
def clone(tmp_path):
    return make_clone(tmp_path / "a clone")


@pytest.fixture(scope="module")
def ready(tmp_path_factory):
    """A clone after its first run, and what that run printed."""
    root = make_clone(tmp_path_factory.mktemp("ready") / "clone")
    return root, run(root, "list", "--json")


def packages(python: Path) -> str:
    code = "import tiny, checker; print(tiny.version, checker.__file__)"
    return subprocess.check_output([python, "-I", "-c", code], text=True)


def test_first_run_sets_up_and_goes_on_in_the_new_environment(ready):
    root, first = ready
    assert first.returncode == EXIT_CODE
    assert json.loads(first.stdout) == [str(root / ".venv"), ["list", "--json"]]
    assert f"Setting up {root / '.venv'}: about 1 packages" in first.stderr


def test_set_up_environment_has_the_packages_and_the_clone_itself(ready):
    root, _ = ready
    assert packages(root / ".venv/bin/python").split() == ["1.0", str(root / "checker/__init__.py")]


def test_second_run_only_enters(ready):
    root, _ = ready
    second = run(root, "list", index=False)
    assert (second.returncode, second.stderr) == (EXIT_CODE, "")


def test_run_by_the_environments_own_python_stays_in_it(ready):
    root, _ = ready
    inside = run(root, "list", python=root / ".venv/bin/python", index=False)
    assert (inside.returncode, inside.stderr) == (EXIT_CODE, "")


def test_changed_requirements_complete_the_environment(clone):
    quick = {"absent": "ensurepip"}
    assert run(clone, "list", **quick).returncode == EXIT_CODE
    add_wheel(clone, "2.0")
    (clone / "requirements.txt").write_text("tiny==2.0\n-e .\n")
    again = run(clone, "list", **quick)
    assert f"Completing {clone / '.venv'}" in again.stderr
    assert packages(clone / ".venv/bin/python").startswith("2.0 ")


def test_moved_clone_gets_a_new_environment(clone):
    quick = {"absent": "ensurepip"}
    run(clone, "list", **quick)
    moved = clone.rename(clone.with_name("moved"))
    again = run(moved, "list", **quick)
    assert f"Setting up {moved / '.venv'}" in again.stderr
    assert packages(moved / ".venv/bin/python").split()[1] == str(moved / "checker/__init__.py")


def test_environment_made_by_hand_is_used_and_no_other_is_made(clone, tmp_path):
    python = tmp_path / "by hand/bin/python"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "by hand"], check=True)
    pip = [sys.executable, "-m", "pip", "--python", str(python)]
    subprocess.run(
        [*pip, "install", "-q", "-r", "requirements.txt"], cwd=clone, env=environment(clone), check=True
    )
    result = run(clone, "list", python=python, index=False)
    assert json.loads(result.stdout)[0] == str(tmp_path / "by hand")
    assert result.stderr == ""
    assert not (clone / ".venv").exists()


def test_empty_environment_of_uv_is_completed(clone):
    """`uv venv` makes a `.venv` without pip."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", clone / ".venv"], check=True)
    result = run(clone, "list", absent="ensurepip")
    assert result.returncode == EXIT_CODE
    assert f"Completing {clone / '.venv'}" in result.stderr


def test_interrupted_set_up_says_so_and_is_not_believed(clone):
    (clone / "hold").touch()
    process = subprocess.Popen(
        [sys.executable, "-m", "checker", "list"],
        cwd=clone,
        env=environment(clone, absent="ensurepip"),
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=listens_to_interrupts,
    )
    while not (clone / "held").exists():
        assert process.poll() is None
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "Stopped. The next run starts the set-up again" in said
    assert "Traceback" not in said
    assert json.loads((clone / ".venv" / STAMP).read_text()) == {}
    assert not is_complete(clone, NAMES)
    (clone / "hold").unlink()
    assert run(clone, "list", absent="ensurepip").returncode == EXIT_CODE


def test_no_network_is_one_sentence(clone):
    result = run(clone, "list", absent="ensurepip", index=False)
    assert result.returncode == 3
    assert result.stderr.splitlines()[-1].startswith(
        "checker: setting up stopped: the package index cannot be reached. Connect to the network"
    )
    assert not is_complete(clone, NAMES)


@pytest.mark.parametrize("absent", ["venv", "ensurepip pip"])
def test_python_that_cannot_make_environments_is_one_sentence(clone, absent):
    result = run(clone, "list", absent=absent)
    assert result.returncode == 3
    last = result.stderr.splitlines()[-1]
    assert (
        f"its module {absent.split()[0]} is missing. On Debian and Ubuntu: sudo apt install python3" in last
    )
    assert not is_complete(clone, NAMES)


def test_second_set_up_at_the_same_time_is_refused(clone):
    folder = os.open(clone, os.O_RDONLY)
    fcntl.flock(folder, fcntl.LOCK_EX)
    try:
        result = run(clone, "list")
    finally:
        os.close(folder)
    assert result.returncode == 3
    assert result.stderr.endswith(
        f"checker: another set-up of {clone / '.venv'} is running. "
        "Wait until it has finished, then run this again.\n"
    )


def test_too_little_room_is_told_before_anything_is_made(clone, monkeypatch):
    monkeypatch.setattr(bootstrap, "SPACE", 1 << 60)
    with pytest.raises(SetUpError, match=r"not enough room for .*\.venv: \d+ MB are free, \d+ MB are needed"):
        set_up(clone, NAMES)
    assert not (clone / ".venv").exists()


def test_disk_that_fills_up_under_pip_is_one_sentence(clone):
    text = "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device"
    pip = [sys.executable, "-c", f"raise SystemExit({text!r})"]
    with pytest.raises(SetUpError, match="the disk is full. Make room"):
        install(pip, clone / "requirements.txt", count=1, site_packages=[], lock=None)


def test_disk_that_fills_up_unseen_is_one_sentence(clone, monkeypatch):
    """venv says no more than that a command of its own failed."""
    monkeypatch.setattr(bootstrap, "FULL", 1 << 60)
    monkeypatch.setattr(
        bootstrap, "pip_command", lambda *_: [sys.executable, "-c", "raise SystemExit('broken')"]
    )
    with pytest.raises(SetUpError, match="not enough room for"):
        set_up(clone, NAMES)


def test_unknown_failure_shows_pips_error_and_the_command_to_repeat(clone):
    pip = [sys.executable, "-c", "raise SystemExit('ERROR: the moon is in the wrong place')"]
    with pytest.raises(SetUpError) as caught:
        install(pip, clone / "requirements.txt", count=1, site_packages=[], lock=None)
    first, second = str(caught.value).splitlines()
    assert first == "setting up stopped: ERROR: the moon is in the wrong place"
    assert second.endswith("-r requirements.txt")


def test_read_only_folder_is_one_sentence(clone, monkeypatch, capsys):
    def refuse(path, *_, **__):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))

    monkeypatch.delenv("CHECKER_SETUP", raising=False)  # the `test` command sets it
    monkeypatch.setattr(Path, "mkdir", refuse)
    assert bootstrap.ensure_environment(["list"], clone) == 3
    said = capsys.readouterr().err.splitlines()[-1]
    assert said.startswith(f"checker: cannot write in {clone}: Read-only file system. Copy the folder")


def test_foreign_folder_named_venv_is_left_alone(clone):
    (clone / ".venv").mkdir()
    (clone / ".venv/notes.txt").write_text("mine")
    result = run(clone, "list")
    assert result.returncode == 3
    assert f"{clone / '.venv'} is not an environment. Move or delete it" in result.stderr
    assert (clone / ".venv/notes.txt").read_text() == "mine"


@pytest.mark.parametrize("argv", [[], ["--help"]])
def test_help_on_a_bare_machine_names_the_two_commands_and_makes_nothing(clone, argv):
    result = run(clone, *argv)
    assert result.returncode == 0
    assert "python3 -m checker lab" in result.stdout
    assert "python3 -m checker test" in result.stdout
    assert not (clone / ".venv").exists()


def test_environment_that_does_not_work_is_entered_only_once(ready, tmp_path):
    root = shutil.copytree(ready[0], tmp_path / "clone", symlinks=True)
    stamp = json.loads((root / ".venv" / STAMP).read_text()) | {"root": str(root)}
    (root / ".venv" / STAMP).write_text(json.dumps(stamp))
    (root / ".venv/pyvenv.cfg").unlink()
    result = run(root, "list")
    assert result.returncode == 3
    assert "does not work as an environment. Delete it" in result.stderr


def test_set_up_can_be_turned_off(clone, monkeypatch):
    monkeypatch.setenv("CHECKER_SETUP", "off")
    assert bootstrap.ensure_environment(["list"], clone) is None
    assert not (clone / ".venv").exists()


def test_continuous_integration_tests_with_the_maintainers_packages():
    files = ["requirements.txt", "requirements-postgres.txt", "requirements-dev.txt"]
    assert requirement_files(["test"], {"CI": "true"}) == files
    assert requirement_files(["test"], {}) == ["requirements.txt"]
    assert requirement_files(["lab"], {"CI": "true"}) == ["requirements.txt"]


@pytest.mark.parametrize("version", [(2, 7, 18), (3, 8, 18), (3, 10, 13)])
def test_too_old_python_is_told_which_one_to_use(version, monkeypatch, capsys, tmp_path):
    newer = tmp_path / "python3.13"
    newer.touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "version_info", version)
    monkeypatch.setattr(sys, "argv", ["checker", "lab"])
    assert entry.main() == 2
    assert capsys.readouterr().err == (
        f"checker: Python 3.11 or newer is needed; this is {version[0]}.{version[1]} ({sys.executable}).\n"
        "Run it as: python3.13 -m checker lab\n"
    )


@pytest.mark.parametrize("module", ["__init__", "__main__"])
def test_what_runs_before_the_version_check_parses_on_old_pythons(module):
    source = (Path(entry.__file__).with_name(module + ".py")).read_text()
    tree = ast.parse(source, feature_version=(3, 4))
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.JoinedStr | ast.AnnAssign)]


def test_set_up_imports_the_standard_library_alone():
    modules = "checker.__main__, checker.bootstrap, checker.installation, checker.pins"
    code = f"import {modules}"
    root = Path(installation.__file__).parents[1]
    subprocess.run([sys.executable, "-S", "-E", "-c", code], cwd=root, check=True)


def test_real_requirements_are_pinned_and_end_with_the_project():
    text = (bootstrap.ROOT / "requirements.txt").read_text()
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert lines[-1] == "-e ."
    assert [line for line in lines if "==" not in line] == ["-c constraints.txt", "-e ."]


def test_every_pin_takes_the_oldest_python_that_the_project_takes():
    """Debian 12 has Python 3.11.2: one package that wants 3.11.5 would end the set-up in pip's error."""
    files = [*requirement_files(["test"], {"CI": "true"}), "constraints.txt"]
    installed = [
        found
        for name, version in pins(bootstrap.ROOT, files)
        for found in importlib.metadata.distributions(name=name)
        if found.version == version  # else it is not the pinned one, as where the newest releases are tried
    ]
    wants = {found.name: found.metadata.get("Requires-Python") or "" for found in installed}
    assert wants
    assert [name for name, python in wants.items() if not SpecifierSet(python).contains("3.11.0")] == []
