"""Which of a trial's files are the program under test."""

from __future__ import annotations

from collections.abc import Mapping


def is_program(path: str) -> bool:
    """Whether a file belongs to the program under test: Python, but neither test nor conftest."""
    name = path.rsplit("/", 1)[-1]
    return name.endswith(".py") and name != "conftest.py" and not name.startswith("test_")


def program_modules(files: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """The modules of the program under test: path and text by name."""
    return {
        path.removesuffix(".py").removesuffix("/__init__").replace("/", "."): (path, text)
        for path, text in files.items()
        if is_program(path)
    }
