"""A notebook really run, in real kernels: what each cell came to."""

import threading
from dataclasses import replace

import psutil
import pytest

from checker.bootstrap import ROOT
from checker.kernel.run import KernelRunner
from tests.checker.clone import said
from tests.checker.notebooks import code, notebook

# Given, and run by a Python that says it in other words than the one whose output is stored.
GIVEN = 'print("TypeError: object Mock can\'t be used in \'await\' expression")'
REFERENCE = notebook(
    code(GIVEN, cell_id="a", outputs=said("TypeError: 'Mock' object can't be awaited"), execution_count=1),
    code("print('was')", cell_id="b", outputs=said("was"), execution_count=2),
)


@pytest.fixture(scope="module")
def cells():
    """Every kind of failure in one notebook, by cell number."""
    learners = notebook(
        code(GIVEN, cell_id="a"),
        code("# NBVAL_SKIP\nprint('is')", cell_id="b"),
        code("# NBVAL_SKIP\nraise ValueError('\\x1b[31mred')", cell_id="c"),
        code("print('quiet')", cell_id="d"),
        code("import time\ntime.sleep(600)", cell_id="e"),
        code("print('after')", cell_id="f"),
    )
    run = KernelRunner(ROOT, cell_seconds=1).run(learners, REFERENCE)
    assert (run.mode, run.fault, run.passed) == ("compared", False, False)
    return {cell.number: cell for cell in run.cells}


def test_a_given_cell_that_prints_what_it_should_passes(cells):
    assert (cells[1].result, cells[1].sentence) == ("passed", "")


def test_a_changed_cell_is_compared_though_it_asks_not_to_be(cells):
    assert cells[2].result == "failed"
    assert cells[2].changed
    assert cells[2].sentence == "The cell prints something else than it should. This given cell was changed."
    assert "'was\\n' == 'is\\n'" in cells[2].explanation


def test_an_exception_is_named_without_colours(cells):
    assert (cells[3].role, cells[3].result) == ("added", "failed")
    assert cells[3].sentence == "The cell raised ValueError: red."
    assert "\x1b" not in cells[3].explanation


def test_a_cell_of_the_learners_own_may_print_what_it_likes(cells):
    assert (cells[4].role, cells[4].result) == ("added", "passed")


def test_a_cell_that_never_ends_is_named_and_the_rest_is_not_run(cells):
    assert (cells[5].result, cells[5].sentence) == ("timed_out", "The cell did not end in time.")
    assert (cells[6].result, cells[6].sentence) == (
        "not_run",
        "Not run: a cell never ended, or ended the kernel.",
    )


def test_no_process_is_left_behind(cells):
    assert [one for one in psutil.Process().children(recursive=True) if _is_kernel(one)] == []


def _is_kernel(process):
    try:
        return "ipykernel" in " ".join(process.cmdline())
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return False


def test_a_run_can_be_stopped():
    runner = KernelRunner(ROOT)
    threading.Timer(0.5, runner.stop).start()
    run = runner.run(notebook(code("import time\ntime.sleep(600)")), None)
    assert run.sentence.startswith("It was stopped.")
    assert [cell.result for cell in run.cells] == ["not_run"]


def test_a_run_has_a_deadline():
    run = KernelRunner(ROOT, whole_seconds=0.1).run(notebook(code("1")), None)
    assert run.sentence.startswith("It took too long and was stopped.")
    assert not run.passed


def test_a_run_that_breaks_is_not_the_learners_fault(tmp_path, monkeypatch):
    monkeypatch.setattr("sys.executable", "/bin/false")
    run = KernelRunner(tmp_path).run(notebook(code("1")), None)
    assert run.fault
    assert run.sentence == "nbval could not run the notebook. It said: nothing"


def test_a_notebook_of_prose_is_not_run():
    run = KernelRunner(ROOT).run(replace(REFERENCE, cells=()), None)
    assert (run.mode, run.passed) == ("not_run", True)
