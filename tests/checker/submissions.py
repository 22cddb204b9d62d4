"""Submissions of every kind, for the tests of what is written about them."""

from checker.submission import CellRun, KernelRun, Submission
from checker.verdict import Finding, Verdict, Version

NASTY = "\x00\x1b[31m<b>&\ud800\u202e]]>::error::"

PASSED = Verdict(
    "3.1",
    "Tickets",
    "tests",
    "passed",
    "All is well.",
    versions=(Version("subject", "as it is", "accepted"), Version("mutant", "late", "caught", ("test_a",))),
    matrix={"test_a": ("late",)},
    engine="fresh",
    libraries={"pytest": "9.2.0"},
)
MISSED = Verdict(
    "3.2",
    "Bugs",
    "tests",
    "misses",
    "1 of 2 bugs caught.",
    versions=(
        Version("mutant", "late", "caught", ("test_a",)),
        Version("mutant", "early", "missed", (), "It survived.", "Look at the first."),
        Version("mutant", "never", "not_tried"),
    ),
    findings=(Finding("no_check", NASTY, "test_a", 3),),
    explanation=NASTY,
    flags=(NASTY,),
)
FAULT = Verdict("3.3", "Broken", "predict", "grader_error", "The grader failed, not your answer.")
CELLS = (
    CellRun(2, "given", "passed"),
    CellRun(
        3,
        "given",
        "failed",
        changed=True,
        sentence="The cell prints something else than it should.",
        explanation=f"'1' == '2'\n{NASTY}",
    ),
    CellRun(4, "exercise", "failed", "3.2", sentence="The exercise is not passed."),
    CellRun(5, "added", "timed_out", sentence="The cell did not end in time."),
    CellRun(6, "added", "not_run", sentence="Not run: a cell never ended, or ended the kernel."),
    CellRun(0, "given", "deleted", sentence="A given cell is gone: the one that begins `print(1)`."),
)
DONE = Submission("3.1", (PASSED,), cells={"3.1": 4})
INCOMPLETE = Submission(
    "x/03.ipynb",
    (PASSED, MISSED),
    KernelRun("compared", CELLS),
    notes=("cell 9: near",),
    cells={"3.1": 4, "3.2": 5},
)
UNREADABLE = Submission(f"{NASTY}.ipynb", problem=f"{NASTY}: is not a notebook", named=False)
AT_FAULT = Submission(
    "y.ipynb", (FAULT,), KernelRun("run", sentence="nbval could not run the notebook.", fault=True)
)
ALL = [DONE, INCOMPLETE, UNREADABLE, AT_FAULT]
