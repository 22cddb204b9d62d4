"""The magics in a real kernel: what a cell shows, and what Interrupt does."""

import queue
import subprocess
import sys
import textwrap
import time
from contextlib import suppress
from pathlib import Path

import nbformat
import pytest
from jupyter_client.manager import start_new_kernel
from nbclient import NotebookClient

ROOT = Path(__file__).parents[2]
CONTRACT = textwrap.dedent("""\
    [[exercise]]
    id = "90.1"
    title = "Doubles what it is given"
    answer = "test_answer.py"
    hints = ["Look at the `sign`.", "Begin with:\\n\\n```python\\nasync def test_double():\\n    ...\\n```"]
    [exercise.subject]
    "double.py" = "async def double(x):\\n    return 2 * x\\n"
    [[exercise.variant]]
    name = "adds_it_to_itself"
    subject = "double.py"
    find = "2 * x"
    replace = "x + x"
    note = "Right too."
    [[exercise.mutant]]
    name = "squares_it"
    subject = "double.py"
    find = "2 * x"
    replace = "x * x"
    hint = "Two is doubled and squared alike."

    [[exercise]]
    id = "90.2"
    title = "Of two files"
    answer = ["conftest.py", "test_answer.py"]
    hints = ["h"]
    [exercise.subject]
    "one.py" = "def one():\\n    return 1\\n"
    [[exercise.mutant]]
    name = "is_off"
    subject = "one.py"
    find = "return 1"
    replace = "return 2"
    hint = "h"
    """)
STARTER = "%%exercise 90.1\nfrom double import double\n\n# Your code here.\n"
NAIVE = (
    "%%exercise 90.1\nfrom double import double\n\nasync def test_two():\n    assert await double(2) == 4\n"
)
GOOD = NAIVE + "\nasync def test_three():\n    assert await double(3) == 6\n"


class Kernel:
    """A kernel as a notebook's front end drives it."""

    def __init__(self, folder):
        self.manager, self.client = start_new_kernel(cwd=str(folder), stdout=-3, stderr=-3)

    def close(self):
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)

    def run(self, source, *, interrupt_at="", watched=False, seconds=30):
        """The outputs of a cell, as (kind, content). `interrupt_at`: code that runs before the interrupt."""
        request = self.client.execute(source, allow_stdin=watched)
        outputs, end = [], time.monotonic() + seconds
        while time.monotonic() < end:
            with suppress(queue.Empty):
                message = self.client.get_iopub_msg(timeout=1)
                if message["parent_header"].get("msg_id") != request:
                    continue
                kind, content = message["msg_type"], message["content"]
                if kind == "status" and content["execution_state"] == "idle":
                    return outputs
                if interrupt_at and interrupt_at in shown_by(content):
                    self.manager.interrupt_kernel()
                    interrupt_at = ""
                if kind not in ("status", "execute_input"):
                    outputs.append((kind, content))
        raise AssertionError(f"the cell did not end within {seconds} s: {outputs}")

    def text(self, source, **how):
        """What a cell prints and shows, as text."""
        return "".join(shown_by(content) for _, content in self.run(source, **how))


def shown_by(content):
    """The text of one output."""
    return content.get("text") or content.get("data", {}).get("text/plain") or content.get("evalue", "")


@pytest.fixture(scope="module")
def kernel(tmp_path_factory):
    """One kernel for all tests, in `notebooks/` as far as its paths go, with an exercise of its own."""
    contracts = tmp_path_factory.mktemp("contracts")
    (contracts / "90_double.toml").write_text(CONTRACT, encoding="utf-8")
    kernel = Kernel(ROOT / "tests")
    kernel.text(f"import sys; sys.path.insert(0, {str(ROOT)!r})")
    kernel.text(
        f"import pathlib, checker.contract\nchecker.contract.CONTRACTS = pathlib.Path({str(contracts)!r})"
    )
    assert kernel.text("%load_ext checker") == ""
    yield kernel
    kernel.close()


def test_an_async_test_runs_and_a_failure_names_its_line(kernel):
    shown = kernel.text(
        "%%ipytest\nimport asyncio\nasync def test_ok():\n    await asyncio.sleep(0)\n"
        "async def test_bad():\n    print('said')\n    assert [1] == [2]\n"
    )
    assert shown.splitlines() == [
        "PASSED  test_ok",
        "FAILED  test_bad",
        "        line 7: assert [1] == [2]",
        "        assert [1] == [2]",
        "          At index 0 diff: 1 != 2",
        "        captured stdout call:",
        "          said",
        "1 failed, 1 passed",
    ]


def test_a_coroutine_that_nobody_awaits_is_named_with_its_line(kernel):
    shown = kernel.text(
        "%%ipytest\nasync def is_admin(): return False\nasync def test_forgot():\n    assert is_admin()\n"
    )
    assert shown.splitlines() == [
        "PASSED  test_forgot",
        "WARNING line 4: RuntimeWarning: coroutine 'is_admin' was never awaited",
        "        assert is_admin()",
        "1 passed, 1 warning",
    ]


def test_a_coroutine_missed_late_is_blamed_on_the_line_that_made_it(kernel):
    shown = kernel.text(
        "%%ipytest\nasync def f(): pass\nkept = []\ndef test_a():\n    kept.append(f())\n"
        "def test_b():\n    kept.clear()\n"
    )
    assert "WARNING line 5: RuntimeWarning: coroutine 'f' was never awaited" in shown


def test_a_fixture_named_like_a_test_survives_and_a_stale_mark_does_not(kernel):
    kernel.text(
        "import pytest\npytestmark = pytest.mark.skip\n@pytest.fixture\nasync def test_user(): return 'u'"
    )
    shown = kernel.text("%%ipytest\nasync def test_it(test_user):\n    assert test_user == 'u'\n")
    assert shown == "PASSED  test_it\n1 passed\n"


def test_options_of_pytest_work_and_the_fixture_lines_are_stable(kernel):
    shown = kernel.text(
        "%%ipytest -s -k one --setup-show\nimport pytest\n@pytest.fixture\ndef thing(): yield 1\n"
        "def test_one(thing): print('printed')\ndef test_two(): pass\n"
    )
    assert "        SETUP    F thing\n" in shown and "        TEARDOWN F thing\n" in shown
    assert "printed\n" in shown and shown.endswith("1 passed, 1 deselected\n")
    assert ".py::" not in shown


def test_one_test_can_be_chosen_by_its_name(kernel):
    assert (
        kernel.text("%%ipytest {test_b}\ndef test_a(): pass\ndef test_b(): pass")
        == "PASSED  test_b\n1 passed\n"
    )


def test_an_unknown_option_is_said_without_paths(kernel):
    shown = kernel.text("%%ipytest --nonsense\ndef test_a(): pass")
    assert "unrecognized arguments: --nonsense" in shown
    assert "/" not in shown.replace("%%ipytest", "")


def test_a_failing_cell_is_green_unless_asked(kernel):
    assert "error" not in dict(kernel.run("%%ipytest\ndef test_a(): assert 0"))
    assert "error" in dict(kernel.run("%%ipytest\n# ipytest: raise_on_error=True\ndef test_a(): assert 0"))


def test_nothing_is_left_beside_the_notebook(kernel):
    kernel.text("%%ipytest\ndef test_a(): pass")
    assert list((ROOT / "tests").glob("*.py")) == []


HANG = """\
%%ipytest -s
import asyncio
async def test_hangs():
    print('begun')
    await asyncio.Event().wait()
"""


def test_interrupt_ends_a_hung_test_names_its_line_and_the_next_cell_prints(kernel):
    shown = kernel.text(HANG + "def test_after(): pass\n", interrupt_at="begun")
    assert shown.splitlines() == [
        "begun",
        "STOPPED test_hangs: interrupted",
        "        was at line 5: await asyncio.Event().wait()",
        "1 interrupted",
    ]
    assert kernel.text("print('alive')") == "alive\n"


def test_interrupt_ends_a_loop_of_python(kernel):
    shown = kernel.text(
        "%%ipytest -s\ndef test_spins():\n    print('begun')\n    while True: pass\n", interrupt_at="begun"
    )
    assert "STOPPED test_spins: interrupted\n        was at line 4: while True: pass\n" in shown
    assert kernel.text("print('alive')") == "alive\n"


def test_a_call_that_cannot_be_stopped_is_said_and_the_next_tests_run(kernel):
    kernel.text("import threading; gate = threading.Lock(); gate.acquire()")
    shown = kernel.text(
        "%%ipytest -s\ndef test_waits():\n    print('begun')\n    gate.acquire()\n", interrupt_at="begun"
    )
    assert "STOPPED test_waits: interrupted, but it cannot be stopped from outside." in shown
    assert "        is at line 4: gate.acquire()\n" in shown
    assert kernel.text("%%ipytest\ndef test_next(): assert True") == "PASSED  test_next\n1 passed\n"
    kernel.text("gate.release()")
    assert kernel.text("import sys; print('out'); print('err', file=sys.stderr)") == "out\nerr\n"


def test_an_exercise_goes_from_untouched_to_passed(kernel):
    assert "Not done yet. No test found." in kernel.text(STARTER)
    naive = kernel.text(NAIVE)
    assert "catches none of 1 bugs" in naive and "Two is doubled and squared alike." in naive
    assert "CAUGHT     a program that squares it (caught by test_three)" in kernel.text(GOOD)
    assert "90.1      done       2" in kernel.text("%progress")


def test_a_verdict_is_one_output_with_html_and_text(kernel):
    [(kind, content)] = kernel.run(GOOD)
    assert kind == "display_data" and set(content["data"]) == {"text/plain", "text/html"}


def test_progress_is_shown_while_somebody_watches_and_replaced_at_the_end(kernel):
    outputs = kernel.run(GOOD, watched=True)
    assert [kind for kind, _ in outputs[:2]] == ["display_data", "update_display_data"]
    assert "<progress" in outputs[0][1]["data"]["text/html"]
    assert "Done." in outputs[-1][1]["data"]["text/plain"]
    assert len({content["transient"]["display_id"] for _, content in outputs}) == 1


def test_the_same_answer_gives_the_same_output(kernel):
    assert kernel.run(NAIVE)[0][1]["data"] == kernel.run(NAIVE)[0][1]["data"]


def test_files_of_one_answer_are_graded_when_the_cell_of_each_was_run(kernel):
    fixture = "%%exercise 90.2 conftest.py\nimport one, pytest\n@pytest.fixture\ndef value(): return one.one()\n"
    tests = "%%exercise 90.2 test_answer.py\ndef test_one(value): assert value == 1\n"
    assert kernel.text(fixture) == (
        "`conftest.py` is noted. Run the cell of `test_answer.py` too: then all are graded together."
    )
    graded = kernel.text(tests)
    assert graded.startswith("Graded together with `conftest.py`, as last run.Exercise 90.2: Of two files\nDone.")
    again = kernel.text(fixture.replace("one.one()", "one.gone()"))
    assert "stopped with AttributeError, line 4 of conftest.py on the program as it is" in again
    assert "An answer to exercise 90.2 is `conftest.py` and `test_answer.py`." in kernel.text("%%exercise 90.2\nx = 1")


def test_the_kill_matrix_is_of_the_last_grading_and_of_every_test(kernel):
    kernel.text(GOOD)
    assert kernel.text("%matrix 90.1") == (
        "Kill matrix. 2 tests, 1 of 1 bug caught. squares it: caught by test_three."
    )
    kernel.text(NAIVE)
    [(kind, content)] = kernel.run("%matrix 90.1")
    assert content["data"]["text/plain"] == "Kill matrix. 1 test, 0 of 1 bug caught. squares it: missed."
    assert "data:image/svg+xml;base64," in content["data"]["text/html"]
    kernel.text(STARTER)
    assert "There is no matrix of exercise 90.1 yet: no bug was tried." in kernel.text("%matrix 90.1")


def test_hints_come_one_step_a_call(kernel):
    assert "hint 1 of 2\nLook at the `sign`.\n1 more hint" in kernel.text("%hint 90.1")
    second = kernel.run("%hint 90.1")[0][1]["data"]
    assert (
        "| async def test_double():" in second["text/plain"]
        and "This is the last one." in second["text/plain"]
    )
    assert (
        "<details><summary" in second["text/html"] and "Look at the <code>sign</code>." in second["text/html"]
    )


@pytest.mark.parametrize(
    ("cell", "sentence"),
    [
        ("%%exercise 9.1\npass", "There is no exercise '9.1'. Near: 90.1, 90.2."),
        ("%%exercise three\npass", "is not understood. Write the exercise's id"),
        ("%%exercise 90.1 conftest.py\npass", "An answer to exercise 90.1 is `test_answer.py`."),
        ("%%exercise 90.1\ndef test_x(:\n    pass", "Line 2: SyntaxError: "),
        ("%hint", "Which exercise? Write its id, such as `%hint 3.2`."),
        ("%matrix", "Which exercise? Write its id, such as `%matrix 3.2`."),
        ("%solution 90.1 --give-up", "is not in this copy"),
        ("%solution 90.1 --now", "`--now` is not understood."),
        ("%show app/service.py", "There is no file `app/service.py` in the project. Near:"),
        ("%show 90.1 other.py", "Exercise 90.1 has no file `other.py`. It has `double.py`."),
    ],
)
def test_a_mistake_gets_a_sentence_and_no_traceback(kernel, cell, sentence):
    outputs = kernel.run(cell)
    assert [kind for kind, _ in outputs] == ["display_data"]
    assert sentence in outputs[0][1]["data"]["text/plain"]


def test_a_fault_of_the_checker_is_not_the_learners(kernel):
    kernel.text(
        "import checker.magics.exercise as module\nkept = module.grade\n"
        "def broken(*args, **how): raise OSError('x')\nmodule.grade = broken"
    )
    shown = kernel.text(NAIVE)
    kernel.text("module.grade = kept")
    assert "The checker failed." in shown and "| OSError: x" in shown


def test_what_an_exercise_is_given_is_shown(kernel):
    data = kernel.run("%show 90.1")[0][1]["data"]
    assert data["text/markdown"] == "`double.py`\n\n```python\nasync def double(x):\n    return 2 * x\n```"


def test_the_program_can_be_imported_and_shown(kernel):
    assert kernel.text("from app.main import app; print(type(app).__name__)") == "FastAPI\n"
    assert "def create_user(" in kernel.text("%show app/services/user_service.py create_user")


def test_interrupt_of_an_exercise_judges_nothing_and_the_next_cell_grades(kernel):
    hang = "%%exercise 90.1\nimport asyncio\nasync def test_x():\n    await asyncio.Event().wait()\n"
    outputs = kernel.run(hang, watched=True, interrupt_at="Trying the correct versions")
    assert outputs[-1][1]["data"]["text/plain"] == (
        "Interrupted. Every trial was stopped and nothing was judged. Run the cell again when you are ready."
    )
    assert "Done." in kernel.text(GOOD)


def test_loading_again_leaves_one_engine_and_one_folder(kernel):
    count = "import psutil; print(len(psutil.Process().children(recursive=True)))"
    kernel.text(GOOD)
    before = kernel.text(count)
    kernel.text("%reload_ext checker")
    kernel.text(GOOD)
    assert kernel.text(count) == before


def test_a_notebook_that_was_run_passes_nbval(tmp_path):
    cells = [
        f"import sys; sys.path.insert(0, {str(ROOT)!r})\n%load_ext checker",
        "%%ipytest\nimport asyncio\nasync def f(): pass\nasync def test_a(tmp_path):\n    f()\n"
        "    assert tmp_path == object()\nasync def test_b(): await asyncio.sleep(0)",
        "%show app/services/user_service.py create_user",
        "%progress",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    NotebookClient(notebook, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}).execute()
    path = tmp_path / "sample.ipynb"
    nbformat.write(notebook, path)
    command = [sys.executable, "-m", "pytest", "--nbval", str(path), "-q", "-p", "no:cacheprovider"]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stdout
    assert sorted(file.name for file in tmp_path.iterdir()) == ["sample.ipynb"]
