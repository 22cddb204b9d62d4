"""The commands, called as a learner calls them: what they print, and with which code they end."""

import json
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import time
from xml.etree import ElementTree

import click
import jsonschema
import psutil
import pytest

from checker import cli
from checker.notebook.reader import read
from checker.progress import Progress
from checker.report.json import schema
from checker.verdict import Verdict
from tests.checker.clone import LESSON, PREDICTED, RIGHT, WEAK, make_clone
from tests.checker.interrupts import listens_to_interrupts

HOSTILE = "a 'b\" $(touch x) ü;&[1] %s"


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """A clone that tests may read, in a folder with a hostile name."""
    return make_clone(tmp_path_factory.mktemp("clone") / HOSTILE)


@pytest.fixture
def mine(tmp_path):
    """A clone to work in."""
    return make_clone(tmp_path / HOSTILE)


# Where you are


def test_the_bare_call_says_what_is_done_and_what_is_next(clone):
    ended = clone.call()
    assert ended.returncode == 0
    assert (
        ended.stdout
        == f"""\
assert await: 0 of 2 exercises done.

  03 count tickets                   0 of 2

Next: exercise 3.1, Tickets are counted
  open it   python3 -m checker lab, then exercises/{LESSON}.ipynb
  check it  run its cell, or: python3 -m checker run 3.1

All commands: python3 -m checker --help
"""
    )


def test_list_is_plain_columns_when_it_is_piped(clone):
    assert (
        clone.call("list").stdout
        == f"""\
Lesson            Exercise  State      Title
{LESSON}  3.1       not begun  Tickets are counted
{LESSON}  3.2       not begun  Which test passes
"""
    )


def test_list_is_drawn_on_a_terminal(clone):
    reader, terminal = pty.openpty()
    command = [sys.executable, "-m", "checker", "list"]
    environ = clone.environment() | {"COLUMNS": "100", "TERM": "xterm"}
    subprocess.run(
        command, cwd=clone.root, env=environ, stdout=terminal, stdin=terminal, timeout=30, check=True
    )
    os.close(terminal)
    drawn = os.read(reader, 10_000).decode()
    os.close(reader)
    assert "\x1b[" in drawn
    assert "Which test passes" in drawn


def test_list_costs_less_than_half_a_second(clone):
    def seconds():
        """Of a processor: the machine may be busy with something else."""
        before = os.times()
        clone.call("list")
        after = os.times()
        return after.children_user + after.children_system - before.children_user - before.children_system

    assert min(seconds() for _ in range(3)) < 0.5


def test_every_command_has_help_with_an_example_that_calls_it():
    for name, command in cli.commands.commands.items():
        text = command.get_help(click.Context(command, info_name=name))
        assert re.search(rf"Example: python3 -m checker\s+{name}\b", text), name


def test_help_documents_the_exit_codes(clone):
    ended = clone.call("--help")
    assert ended.returncode == 0
    codes = re.findall(r"^  (\d)  (.*)$", ended.stdout, re.MULTILINE)
    assert codes == [
        ("0", "done"),
        ("1", "the learner's work is incomplete"),
        ("2", "usage: no such exercise, not a notebook, a file that cannot be read or written"),
        ("3", "the checker itself is at fault"),
    ]


# One exercise, from untouched to done


def test_an_exercise_goes_from_untouched_to_done(mine):
    untouched = mine.call("run", "3.1")
    assert untouched.returncode == 1
    assert untouched.stdout.startswith(
        f"exercises/{LESSON}.ipynb, cell 4\nExercise 3.1: Tickets are counted\nNot done"
    )

    mine.answer("3.1", WEAK)
    weak = mine.call("run", "3.1")
    assert weak.returncode == 1
    assert "MISSED     a program that hands out one number only" in weak.stdout
    assert "  3.1       1 attempt  " in mine.call("list").stdout

    mine.answer("3.1", RIGHT)
    done = mine.call("run", "3.1")
    assert done.returncode == 0
    assert "in a terminal `python3 -m checker run 3.1 --matrix`" in done.stdout
    assert "\nWhich test caught which bug\n  - test_" in mine.call("run", "3.1", "--matrix").stdout
    assert "  3.1       done       " in mine.call("list").stdout
    assert "Next: exercise 3.2" in mine.call().stdout
    solution = mine.call("solution", "3.1")
    assert (solution.returncode, solution.stdout.split("\n\n", 1)[1]) == (0, RIGHT)


def test_a_syntax_error_is_named_with_its_cell_and_line(mine):
    mine.answer("3.1", "\ndef test_a(:\n    pass\n")
    ended = mine.call("run", "3.1")
    assert ended.returncode == 1
    assert ", cell 4\n" in ended.stdout
    assert "Line 3: SyntaxError: " in ended.stdout


def test_hints_come_one_a_call(mine):
    said = [mine.call("hint", "3.2").stdout for _ in range(3)]
    assert said[0] == (
        "Exercise 3.2, hint 1 of 2\n\nRun it in your head.\n\n1 more hint: python3 -m checker hint 3.2\n"
    )
    assert said[1] == said[2] == "Exercise 3.2, hint 2 of 2\n\nTwice.\n\nThis is the last one.\n"


def test_reset_puts_the_starter_back_and_names_the_copy(mine):
    before = mine.notebook.read_bytes()
    mine.answer("3.1", WEAK)
    ended = mine.call("reset", "3.1")
    kept = mine.notebook.with_name(f"{LESSON}.kept-1.ipynb")
    assert ended.returncode == 0
    assert f"Your notebook as it was: {kept}" in ended.stdout
    assert WEAK in read(kept).cells[3].source
    assert mine.notebook.read_bytes() == before
    assert mine.call("reset", "3.1").stdout.endswith("nothing to do.\n")


def test_the_solution_waits_for_a_pass_three_attempts_or_giving_up(mine):
    refused = mine.call("solution", "3.2")
    assert refused.returncode == 1
    assert "after 3 different attempts (so far 0)" in refused.stdout
    given = mine.call("solution", "3.2", "--give-up")
    assert (given.returncode, PREDICTED in given.stdout) == (0, True)
    assert "given up" in mine.call("list").stdout
    assert mine.call("solution", "3.2").returncode == 0


def test_a_withheld_solution_is_said_to_be_withheld(mine):
    shutil.rmtree(mine.root / "solutions")
    ended = mine.call("solution", "3.2", "--give-up")
    assert ended.returncode == 2
    assert ended.stderr == "checker: the solution of 3.2 is not in this copy. Ask whoever gave it to you.\n"


def test_a_record_that_cannot_be_written_is_said_and_stops_nothing(mine):
    (mine.root / ".assert_await").write_text("in the way")
    ended = mine.call("hint", "3.1")
    assert (ended.returncode, "Take a ticket." in ended.stdout) == (0, True)
    assert ended.stderr.startswith("Progress is not recorded: ")


# What is not there


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("run", "3.9"), "There is no exercise '3.9'. Near: 3."),
        (("hint", "x"), "There is no exercise 'x'."),
        (("reset", "../3.1"), "There is no exercise '../3.1'."),
        (("lst",), "Did you mean 'list'?"),
        (("grade",), "Missing argument"),
        (("grade", "nope.ipynb"), "nope.ipynb: there is no such file, folder or exercise."),
        (("grade", f"exercises/{LESSON}s.ipynb"), f"Near: exercises/{LESSON}.ipynb"),
        (("grade", "app"), "app: the folder holds no notebook."),
        (("grade", "3.1", "--json", "missing/x.json"), "missing/x.json: cannot be written."),
        (("grade", "3.1", "--json", "-", "--junit", "-"), "Only one of --json and --junit can be -."),
        (("grade", "3.1", "--jobs", "0"), "0 is not in the range"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_what_is_not_there_is_usage_and_says_what_to_do(clone, arguments, said):
    ended = clone.call(*arguments)
    assert ended.returncode == 2
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_file_that_is_no_notebook_is_usage(clone, tmp_path):
    path = tmp_path / "broken.ipynb"
    path.write_text('{"cells": [')
    ended = clone.call("grade", path, "--unsafe")
    assert ended.returncode == 2
    assert ended.stdout.startswith(f"Not graded: {path}: breaks off in line 1")


def test_a_missing_exercise_notebook_is_usage_and_says_how_to_make_it(mine):
    mine.notebook.unlink()
    ended = mine.call("grade", "3.1")
    assert ended.returncode == 2
    assert "To make it: python3 -m checker build" in ended.stdout


def test_a_broken_contract_is_the_checkers_fault(mine):
    contract = mine.root / "checker" / "contracts" / f"{LESSON}.toml"
    contract.write_text(contract.read_text().replace('find = "self.last += 1"', 'find = "self.last"', 1))
    ended = mine.call("list")
    assert ended.returncode == 3
    assert ended.stderr.startswith(
        f"checker: this is not your fault. {contract}: exercise 3.1: variant adds_the_long"
    )
    assert "`find` occurs 3 times in `tickets.py`, it must occur exactly once" in ended.stderr


def test_what_nobody_foresaw_is_one_sentence_and_a_log(mine):
    overview = mine.root / "checker" / "overview.py"
    overview.write_text("raise ZeroDivisionError('boom')\n")
    ended = mine.call("list")
    log = mine.root / ".assert_await" / "fault.log"
    assert ended.returncode == 3
    assert ended.stderr.startswith(
        "checker: the checker failed, which is not your fault (ZeroDivisionError: boom)."
    )
    assert str(log) in ended.stderr
    assert "Traceback" in log.read_text()


# Grading


def test_both_halves_of_a_right_notebook_pass_and_are_reported_three_times(mine):
    mine.answer("3.1", RIGHT.replace("test_numbers_go_up", "test_of_my_own"))
    mine.answer("3.2", PREDICTED)
    ended = mine.call("grade", mine.notebook, "--json", "out.json", "--junit", "out.xml")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "Done. Accepts all 2 correct versions and catches 2 of 2 bugs." in ended.stdout
    assert "Notebook, from top to bottom in a fresh kernel: 4 of 4 cells run as expected." in ended.stdout

    document = json.loads((mine.root / "out.json").read_text())
    jsonschema.Draft202012Validator(schema()).validate(document)
    [submission] = document["submissions"]
    assert [exercise["passed"] for exercise in submission["exercises"]] == [True, True]
    assert [cell["result"] for cell in submission["notebook"]["cells"]] == ["passed"] * 4
    assert submission["notebook"]["mode"] == "compared"

    suites = ElementTree.parse(mine.root / "out.xml").getroot()
    assert [(suite.get("tests"), suite.get("failures")) for suite in suites] == [
        ("5", "0"),
        ("2", "0"),
        ("4", "0"),
    ]
    assert not (mine.root / ".assert_await").exists()


def test_an_untouched_and_spoilt_notebook_is_named_cell_by_cell(mine):
    def spoil(cells):
        cells[2]["source"] = "print('Another desk')"
        cells.append(
            {
                "cell_type": "code",
                "id": "own",
                "source": "1 / 0",
                "metadata": {},
                "outputs": [],
                "execution_count": None,
            }
        )

    mine.edit(spoil)
    ended = mine.call("grade", mine.notebook, GITHUB_ACTIONS="true")
    assert ended.returncode == 1
    assert "1 of 5 cells runs as expected" in ended.stdout
    assert (
        "FAIL     cell 3 (given): The cell prints something else than it should. This given cell"
        in ended.stdout
    )
    assert (
        "FAIL     cell 4 (exercise 3.1): The exercise is not passed. The cell says: Not done yet."
        in ended.stdout
    )
    assert "FAIL     cell 6 (your own): The cell raised ZeroDivisionError: division by zero." in ended.stdout
    assert len(re.findall(r"^::error file=.*,line=\d+::", ended.stderr, re.MULTILINE)) == 4


def test_a_folder_is_graded_notebook_by_notebook(mine):
    mine.answer("3.1", RIGHT)
    room = mine.root / "room"
    (room / ".ipynb_checkpoints").mkdir(parents=True)
    shutil.copy(mine.notebook, room / ".ipynb_checkpoints")
    shutil.copy(mine.notebook, room / "anna_03.ipynb")
    mine.answer("3.2", PREDICTED)
    shutil.copy(mine.notebook, room / "ben_03.ipynb")
    (room / "carl.ipynb").write_text("<<<<<<< HEAD\n")
    ended = mine.call("grade", "room", "--no-notebook", "--jobs", "2", "--unsafe")
    assert ended.returncode == 1
    anna, ben, carl, sum_of_all = ended.stdout.splitlines()
    assert anna == "room/anna_03.ipynb: 1 of 2 exercises passed"
    assert ben == "room/ben_03.ipynb: 2 of 2 exercises passed"
    assert carl.startswith("Not graded: room/carl.ipynb: line 1 is a merge marker (<<<<<<< HEAD)")
    assert sum_of_all.startswith("1 of 3 done. Checked: ")


def test_json_on_standard_output_is_all_there_is(mine):
    mine.answer("3.1", RIGHT)
    ended = mine.call("grade", "3.1", "--json", "-", "--fresh")
    document = json.loads(ended.stdout)
    assert ended.returncode == document["exit_code"] == 0
    assert [one["source"] for one in document["submissions"]] == ["3.1"]
    assert document["submissions"][0]["notebook"] is None


def started(clone, *arguments):
    return subprocess.Popen(
        [sys.executable, "-m", "checker", *map(str, arguments)],
        cwd=clone.root,
        env=clone.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=listens_to_interrupts,
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_ends_everything_and_leaves_nothing_half_written(mine, number):
    mine.answer("3.1", "import time\n\n\ndef test_a():\n    time.sleep(600)\n")
    process = started(mine, "grade", mine.notebook, "--json", "out.json")
    try:
        family = family_with_kernel(psutil.Process(process.pid))
        process.send_signal(number)
        _, said = process.communicate(timeout=120)
    finally:
        process.kill()
    assert (process.returncode, said.strip()) == (130, "Stopped.")
    assert psutil.wait_procs(family, timeout=10)[1] == []
    assert not (mine.root / "out.json").exists()


def family_with_kernel(process):
    """All descendants, once there is a kernel among them."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        family = process.children(recursive=True)
        if any("ipykernel_launcher" in " ".join(command(one)) for one in family):
            return family
        time.sleep(0.05)
    raise AssertionError("no kernel was started")


def command(process):
    try:
        return process.cmdline()
    except psutil.NoSuchProcess:
        return []


# Author's commands


def test_build_says_what_is_current_and_check_what_is_not(mine):
    assert mine.call("build", "--check").returncode == 0
    mine.notebook.unlink()
    missing = mine.call("build", "--check")
    assert missing.returncode == 1
    assert f"{LESSON}.ipynb: is missing. Run `python3 -m checker build`." in missing.stdout
    assert mine.call("build").returncode == 0
    assert mine.call("build", "--check").stdout == "1 of 1 exercise notebooks are current.\n"


def test_verify_without_stored_answers_says_where_they_belong(clone):
    ended = clone.call("verify", "3.1")
    assert ended.returncode == 3
    assert f"tests/answers/{LESSON}.toml: cannot be read" in ended.stderr


# The certificate


def test_without_a_pass_of_the_capstone_there_is_no_certificate(mine):
    ended = mine.call("certificate")
    assert (ended.returncode, ended.stderr) == (1, "")
    assert ended.stdout == (
        "There is no certificate yet: no pass of exercise 15.3 is recorded in this copy. Run its cells, or: "
        "python3 -m checker run 15.3\n"
    )
    assert not (mine.root / "certificate.html").exists()


def test_a_certificate_is_written_where_it_is_asked_for(mine):
    Progress(mine.root, keep=True).record(
        Verdict("15.3", "", "tests", "passed", "", matrix={"test_a": ()}), {"test_answer.py": "x"}
    )
    ended = mine.call("certificate", "--name", "Ada <&>", "ada.html")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout == "ada.html: written. Open it in a browser; it prints on A4.\n"
    assert "Ada &lt;&amp;&gt;" in (mine.root / "ada.html").read_text(encoding="utf-8")
    (mine.root / "mine.html").write_text("mine")
    refused = mine.call("certificate", "mine.html")
    assert refused.returncode == 2
    assert "mine.html: is there already and is no certificate. Give another file name." in refused.stderr
    assert (mine.root / "mine.html").read_text() == "mine"
