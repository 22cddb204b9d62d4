"""A command line is read as a shell would read it."""

import pytest

from checker.grade.commandline import CommandLine, read
from checker.grade.source import Unusable

FILES = ("app/main.py", "tests/test_a.py", "tests/test_b.py", "tests/deep/test_a.py")


@pytest.mark.parametrize(
    "text, arguments",
    [
        ("pytest", ()),
        ("$ pytest -x", ("-x",)),
        ("py.test -x", ("-x",)),
        (".venv/bin/pytest -x", ("-x",)),
        ("python3.12 -m pytest -k 'a or b'", ("-k", "a or b")),
        (r".venv\\Scripts\\python -m pytest -x", ("-x",)),
        ("python -W error -Wignore::UserWarning -m pytest -x", ("-W", "error", "-W", "ignore::UserWarning", "-x")),
        ("PYTHONWARNINGS=error,default PYTEST_ADDOPTS='-x -s' pytest", ("-W", "error", "-W", "default", "-x", "-s")),
        ("pytest -x  # the first is enough", ("-x",)),
        ("pytest \\\n  -x", ("-x",)),
        ("pytest -k '(a or b) and not c'", ("-k", "(a or b) and not c")),
        ("pytest tests/test_*.py", ("tests/test_a.py", "tests/test_b.py")),
        ("pytest t*", ("tests",)),
        ("pytest tests/test_?.py::test_x", ("tests/test_?.py::test_x",)),
        ("pytest 'tests/test_a.py::test_x[a|b]'", ("tests/test_a.py::test_x[a|b]",)),
    ],
)
def test_pytests_own_arguments(text, arguments):
    assert read(text, FILES) == CommandLine("", arguments)


@pytest.mark.parametrize(
    "start",
    [
        "uv run pytest",
        "uv run -- pytest",
        "uv run python -m pytest",
        "uv run -m pytest",
        "uv run --frozen -p 3.12 --with pytest-cov pytest",
        "uv run --with=pytest pytest",
    ],
)
def test_uv_starts_pytest(start):
    assert read(f"{start} -x", FILES) == CommandLine("uv run", ("-x",))


@pytest.mark.parametrize("text", ["uv run", "uv pytest", "python -m", "python pytest", "python -m unittest", "A=1"])
def test_what_does_not_start_pytest(text):
    with pytest.raises(Unusable):
        read(text, FILES)
