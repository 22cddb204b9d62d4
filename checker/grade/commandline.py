"""Reads a command line as a shell would, without a shell: what starts pytest, and pytest's own arguments."""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import PurePath

from checker.grade.source import Unusable

_FOR_THE_SHELL = re.compile(r"[();<>|&]+|.*(?:`|\$\().*", re.DOTALL)
_SETTING = re.compile(r"([A-Za-z_]\w*)=(.*)", re.DOTALL)
_PYTEST = re.compile(r"pytest|py\.test")
_PYTHON = re.compile(r"python(?:3(?:\.\d+)?)?|py")
# Options of `uv run` that are followed by a value; all others are words of their own.
_UV_WITH_VALUE = frozenset(
    "--with -w --with-editable --with-requirements --python -p --extra --no-extra --group --no-group --only-group "
    "--package --env-file --index --default-index".split()
)

_UV_SHORT = re.compile(r"-[vqnUmwp]+")


@dataclass(frozen=True)
class CommandLine:
    """`launcher`: `uv run`, or empty where pytest is started directly. `arguments`: what is left for pytest."""

    launcher: str
    arguments: tuple[str, ...]


def read(text: str, files: Collection[str]) -> CommandLine:
    """The command in an answer; `files`, relative paths, is what `*` can stand for.

    Raises `Unusable` where it is not one plain pytest command.
    """
    words = _words(text)
    settings = []
    while words and (found := _SETTING.fullmatch(words[0])):
        settings += _as_options(*found.groups())
        words.pop(0)
    launcher = ""
    if words[:2] == ["uv", "run"]:
        launcher = "uv run"
        words = _after_uv(words[2:])
    own = _arguments(words)
    if own is None:
        shown = " ".join([*filter(None, [launcher]), *words][:3])
        raise Unusable(
            "invalid",
            f"The command begins with `{shown}`; it begins with `pytest`, `python -m pytest` or `uv run pytest`.",
        )
    expanded = [one for word in own for one in _expanded(word, files)]
    return CommandLine(launcher, (*settings, *expanded))


def _words(text: str) -> list[str]:
    lines = [
        line for line in text.replace("\\\n", " ").splitlines() if line.strip() and not line.lstrip().startswith("#")
    ]
    if not lines:
        raise Unusable("empty", "No command yet. Write one line that begins with `pytest` or `uv run pytest`.")
    if len(lines) > 1:
        raise Unusable("invalid", f"There are {len(lines)} lines; the answer is one command.")
    try:
        lexer = shlex.shlex(lines[0].strip().lstrip("!$ "), posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        words = list(lexer)
    except ValueError as error:
        raise Unusable("invalid", f"The command cannot be read: {error}.") from None
    for word in words:
        if _FOR_THE_SHELL.fullmatch(word):
            raise Unusable("invalid", f"`{word}` is for the shell. The answer is one pytest command without it.")
    return words


def _as_options(name: str, value: str) -> list[str]:
    """A variable set for this command, as pytest's arguments."""
    if name == "PYTEST_ADDOPTS":
        return shlex.split(value)
    if name == "PYTHONWARNINGS":
        return [word for kind in value.split(",") for word in ("-W", kind)]
    raise Unusable("invalid", f"`{name}` is not set here. Give pytest an option in its place.")


def _after_uv(words: list[str]) -> list[str]:
    while words and words[0].startswith("-"):
        if not words[0].startswith("--") and not _UV_SHORT.fullmatch(words[0]):
            raise Unusable(
                "invalid",
                f"`{words[0]}` stands before `pytest`, so uv gets it, and does not know it. Put it behind `pytest`.",
            )
        is_end, has_value = words[0] == "--", words[0] in _UV_WITH_VALUE
        words = words[2 if has_value else 1 :]
        if is_end:
            break
    return words


def _arguments(words: list[str]) -> list[str] | None:
    """What follows `pytest` or `python -m pytest`; None where it is neither."""
    name = PurePath(words[0].replace("\\", "/")).name if words else ""
    if _PYTEST.fullmatch(name):
        return words[1:]
    if not _PYTHON.fullmatch(name):
        return None
    warnings, rest = [], words[1:]
    # A filter that Python is given holds for pytest too.
    while rest and rest[0].startswith("-W"):
        value, rest = (rest[0][2:], rest[1:]) if len(rest[0]) > 2 else ("".join(rest[1:2]), rest[2:])
        warnings += ["-W", value]
    return [*warnings, *rest[2:]] if rest[:2] == ["-m", "pytest"] else None


def _expanded(word: str, files: Collection[str]) -> Iterator[str]:
    """The files and folders that a pattern stands for; the word itself where it is none, or fits nothing."""
    folders = {parent.as_posix() for file in files for parent in PurePath(file).parents} - {"."}
    parts = word.split("/")
    found = [
        path
        for path in sorted(folders.union(files))
        if len(parts) == len(path.split("/"))
        and all(fnmatchcase(*pair) for pair in zip(path.split("/"), parts, strict=True))
    ]
    yield from found if re.search(r"[*?[]", word) and found else [word]
