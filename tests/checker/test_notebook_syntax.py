"""An answer's text is judged without running it, and every fault is placed in its cell."""

import time

import pytest

from checker.notebook.answers import Answer
from checker.notebook.syntax import check_answer


def problems(source, filename="test_answer.py", first_line=2):
    return [str(problem) for problem in check_answer(Answer("3.2", None, source, 7, first_line), filename)]


def kinds(source, filename="test_answer.py"):
    return [problem.kind for problem in check_answer(Answer("3.2", None, source, 7, 2), filename)]


@pytest.mark.parametrize(
    "source",
    [
        "",
        "# only a comment",
        "async def test_a():\n    assert await f()\n    [x async for x in y]",
        "x = (5\n  % 3)\ns = '''\n!ls\n%time\n%%bash\n'''",
        "pattern = '\\d'",
        "assert (1, 'always true')",
        "f = lambda: 1\n@decorator\nasync def g(a=1):\n    async with a: pass",
        "x = 'a' * 10**12\ny = 10**10**10",
    ],
)
def test_sound_python_has_no_problem(source):
    assert problems(source) == []


@pytest.mark.parametrize(
    "source, expected",
    [
        (
            "x = 1\ndef test(:\n    pass",
            "cell 7, line 3: SyntaxError: invalid syntax: `def test(:`. "
            "Correct this line, or the one above it.",
        ),
        (
            "def test_a():\n    await f()",
            "cell 7, line 3: SyntaxError: 'await' outside async function: `await f()`. "
            "Write `async def` for the function around it.",
        ),
        (
            "return 1",
            "cell 7, line 2: SyntaxError: 'return' outside function: `return 1`. "
            "Correct this line, or the one above it.",
        ),
        ("x = '\0'", "cell 7, line 2: holds a NUL character. Delete the line and type it again."),
        (
            "x = 1\n<<<<<<< HEAD\nx = 2",
            "cell 7, line 3: `<<<<<<< HEAD` is a merge marker. Keep one version and delete the markers.",
        ),
        (
            "!ls",
            "cell 7, line 2: `!ls` is a shell command, which a file cannot hold. "
            "Move it to a cell of its own.",
        ),
        (
            "%time f()",
            "cell 7, line 2: `%time f()` is a notebook magic, which a file cannot hold. "
            "Move it to a cell of its own.",
        ),
        (
            "rows = await read()",
            "cell 7, line 2: awaits outside a function, where no loop runs. "
            "Move it into an `async def` test or fixture.",
        ),
    ],
)
def test_a_fault_names_cell_line_and_remedy(source, expected):
    assert problems(source) == [expected]


def test_lines_count_from_the_top_of_the_cell():
    assert problems("x = 1\n\ny = !ls", first_line=5)[0].startswith("cell 7, line 7: ")
    assert "on line 5" in problems("if x:\npass", first_line=5)[0]


def test_all_magics_and_the_first_syntax_error_are_named():
    assert kinds("%time\nx = 1\nx = \nfiles = !ls\n") == ["magic", "syntax"]
    assert kinds("%time\n!ls\nfiles = !ls\n?f\nf??\nx = \n") == ["magic"] * 5 + ["syntax"]


def test_below_a_cell_magic_nothing_is_read_as_python():
    assert kinds("%%bash\nls -l | wc\nfor f in *; do :; done") == ["magic"]


def test_a_magic_does_not_hide_a_top_level_await():
    assert kinds("%time\nawait f()") == ["magic", "top_level_await"]


@pytest.mark.parametrize(
    "source",
    [
        "await f()",
        "async with f(): pass",
        "async for x in f(): pass",
        "[x async for x in f()]",
        "def f(a=await g()): pass",
        "@(await f())\ndef g(): pass",
        "if x:\n    y = [await f()]",
    ],
)
def test_every_form_of_top_level_await_is_named(source):
    assert kinds(source) == ["top_level_await"]


@pytest.mark.parametrize(
    "source, expected",
    [
        ("[tool.pytest]\nasyncio_mode = 'auto'", []),
        ("", []),
        ("asyncio_mode = auto", ["cell 7, line 2: is not TOML: Invalid value. Correct this line."]),
        ("a = 1\na = 2", ["cell 7, line 3: is not TOML: Cannot overwrite a value. Correct this line."]),
    ],
)
def test_toml_is_judged_as_toml(source, expected):
    assert problems(source, "pytest.toml") == expected


def test_a_magic_in_toml_is_named_as_such():
    assert kinds("%%writefile pytest.toml\n[pytest]", "pytest.toml") == ["magic"]


def test_a_command_needs_no_exclamation_mark():
    assert kinds("pytest -k 'not slow' --durations=3", "command.txt") == []
    assert kinds("!pytest -x", "command.txt") == ["magic"]


@pytest.mark.parametrize(
    "source",
    [
        "(" * 5000,
        "lambda:" * 20000 + "1",
        "-" * 150_000 + "1",
        "1" + "+1" * 90_000,
        "x" + "()" * 90_000,
        "9" * 100_000,
        "%time\n" * 30_000,
        " " * 199_999 + "%",
        "a ,. " * 30_000 + "!",
        "x" * 200_001,
    ],
)
def test_a_monstrous_answer_is_refused_without_much_work(source):
    started = time.thread_time()
    assert problems(source)
    assert time.thread_time() - started < 5  # minutes, where it grew with the square of the length


@pytest.mark.parametrize("filename", ["pytest.toml", "command.txt"])
@pytest.mark.parametrize("source", ["a." * 50_000 + "b = 1", "a = " + "[" * 9_000, " " * 9_999 + "!"])
def test_a_monstrous_configuration_costs_little_work(source, filename):
    started = time.thread_time()
    problems(source, filename)
    assert time.thread_time() - started < 5  # minutes, where it grew with the square of the length
