"""The run of a notebook, as text."""

from checker.report.cells import text
from checker.submission import CellRun, KernelRun
from tests.checker.submissions import AT_FAULT, INCOMPLETE

EXPECTED = """\
Notebook, from top to bottom in a fresh kernel: 1 of 5 cells runs as expected.
  FAIL     cell 3 (given): The cell prints something else than it should.
           | '1' == '2'
           | \\x00\\x1b[31m<b>&\\ud800\\u202e]]>::error::
  FAIL     cell 4 (exercise 3.2): The exercise is not passed.
  NO END   cell 5 (your own): The cell did not end in time.
  NOT RUN  cell 6 (your own): Not run: a cell never ended, or ended the kernel.
  GONE     A given cell is gone: the one that begins `print(1)`."""


def test_what_works_comes_first_then_a_line_a_cell_that_does_not():
    assert text(INCOMPLETE.kernel).encode("utf-8", "surrogatepass").decode() == EXPECTED


def test_a_changed_cell_is_named_even_if_it_passes():
    run = KernelRun(
        "compared", (CellRun(2, "given", "passed", changed=True, sentence="This given cell was changed."),)
    )
    assert text(run).splitlines()[1] == "  PASS     cell 2 (given): This given cell was changed."
    assert run.passed


def test_a_fault_of_the_checker_is_not_the_learners():
    assert text(AT_FAULT.kernel) == (
        "Notebook, from top to bottom in a fresh kernel: the checker failed to run the notebook, "
        "which is not your fault.\nnbval could not run the notebook."
    )
