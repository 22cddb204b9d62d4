"""What is wrong with the text of an answer, seen without running any of it."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Callable, Iterator

from checker.notebook.answers import Answer, Problem
from checker.notebook.reader import shown

MAX_CHARACTERS = 200_000
# tomllib needs quadratic time for a long dotted key.
MAX_CHARACTERS_NOT_PYTHON = 10_000
# Each magic costs one more parse.
_MAX_MAGICS = 10

_MAGIC = re.compile(r"(?:[\w.,\s]*=\s*)?(?:%%?\w|!)|\?{1,2}[\w.]+$|[\w.]+\?{1,2}$")
_MERGE_MARKER = re.compile(r"<{7} |={7}$|>{7} ")
_TOML_PLACE = re.compile(r" ?\(at line (\d+), column \d+\)")


def check_answer(answer: Answer, filename: str) -> tuple[Problem, ...]:
    """The problems that keep ``answer`` from becoming the file ``filename``, in the order of their lines.

    For ``.py``: syntax errors, magics, shell lines, top-level ``await``. For ``.toml``: its syntax. For any
    other file: magics and shell lines. An empty answer has no problem here.
    """
    is_python = filename.endswith(".py")
    most = MAX_CHARACTERS if is_python else MAX_CHARACTERS_NOT_PYTHON
    if len(answer.source) > most:
        reason = f"has {len(answer.source):,} characters; at most {most:,} are graded. Shorten it."
        return (Problem("too_long", answer.cell_number, None, reason),)
    # With the blank lines, every line number that a parser reports is a line of the cell.
    source = "\n" * (answer.first_line - 1) + answer.source
    if is_python:
        found = _python_problems(source)
    elif filename.endswith(".toml"):
        found = _parse_past_magics(source, _parse_toml, "#")
    else:
        lines = enumerate(source.split("\n"), 1)
        found = (_magic(line, text) for line, text in lines if _MAGIC.match(text.strip()))
    return tuple(Problem(kind, answer.cell_number, line, reason) for kind, line, reason in found)


_Found = tuple[str, int | None, str]
"""Kind, line of the cell from 1, reason."""


class _Rejected(Exception):
    def __init__(self, line: int | None, reason: str) -> None:
        self.line, self.reason = line, reason


def _python_problems(source: str) -> Iterator[_Found]:
    trees: list[ast.Module] = []
    yield from _parse_past_magics(source, lambda text: trees.append(_parse_python(text)), "pass")
    for line in sorted(set(_top_level_awaits(trees[0]))) if trees else ():
        reason = "awaits outside a function, where no loop runs. Move it into an `async def` test or fixture."
        yield "top_level_await", line, reason


def _parse_past_magics(source: str, parse: Callable[[str], object], filler: str) -> Iterator[_Found]:
    """Report magics and the first real error; a magic is known by the parser's complaint about its line.

    So a ``%`` or ``!`` inside a string or a continued expression is left in peace.
    """
    lines = source.split("\n")
    for _ in range(_MAX_MAGICS):
        try:
            parse("\n".join(lines))
            return
        except _Rejected as error:
            rejected = error
        text = lines[rejected.line - 1] if rejected.line and rejected.line <= len(lines) else ""
        if not _MAGIC.match(text.strip()):
            yield "syntax", rejected.line, rejected.reason
            return
        yield _magic(rejected.line, text)
        if text.lstrip().startswith("%%"):
            # The rest of the cell is in the magic's language.
            return
        lines[rejected.line - 1] = text[: len(text) - len(text.lstrip())] + filler


def _magic(line: int, text: str) -> _Found:
    what = "a shell command" if "!" in text and "%" not in text else "a notebook magic"
    fix = "which a file cannot hold. Move it to a cell of its own."
    return "magic", line, f"`{shown(text.strip(), limit=60)}` is {what}, {fix}"


def _parse_python(source: str) -> ast.Module:
    if "\0" in source:
        line = source.count("\n", 0, source.index("\0")) + 1
        raise _Rejected(line, "holds a NUL character. Delete the line and type it again.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source)
            # Compiling runs nothing either. It finds what the grammar allows: `return` outside a function.
            compile(source, "<answer>", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
            return tree
    except SyntaxError as error:
        raise _Rejected(error.lineno, _syntax_reason(source, error)) from None
    except (RecursionError, MemoryError):
        raise _Rejected(None, "is nested too deeply for Python. Simplify it.") from None


def _syntax_reason(source: str, error: SyntaxError) -> str:
    lines = source.split("\n")
    text = lines[error.lineno - 1] if error.lineno and error.lineno <= len(lines) else ""
    if _MERGE_MARKER.match(text):
        return f"`{shown(text, limit=60)}` is a merge marker. Keep one version and delete the markers."
    place = f": `{shown(text.strip(), limit=80)}`" if text.strip() else ""
    reason = f"{type(error).__name__}: {shown(error.msg, limit=200)}{place}"
    if "outside async function" in error.msg:
        return f"{reason}. Write `async def` for the function around it."
    return f"{reason}. Correct this line, or the one above it."


def _parse_toml(source: str) -> None:
    import tomllib

    try:
        tomllib.loads(source)
    except tomllib.TOMLDecodeError as error:
        place = _TOML_PLACE.search(str(error))
        line = int(place[1]) if place else source.count("\n") + 1
        message = shown(_TOML_PLACE.sub("", str(error)).removesuffix(" (at end of document)"), limit=200)
        raise _Rejected(line, f"is not TOML: {message}. Correct this line.") from None
    except (RecursionError, ValueError):
        raise _Rejected(None, "is not TOML: nested too deeply or a number too long. Simplify it.") from None


_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_AWAITS = (ast.Await, ast.AsyncFor, ast.AsyncWith)


def _top_level_awaits(tree: ast.Module) -> Iterator[int]:
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, _AWAITS):
            yield node.lineno
        elif isinstance(node, ast.comprehension) and node.is_async:
            yield node.target.lineno
        # The body of a function is its own; its decorators and defaults belong to the place where it stands.
        own = {"body"} if isinstance(node, _SCOPES) else set()
        for name, value in ast.iter_fields(node):
            children = value if isinstance(value, list) else [value]
            waiting.extend(child for child in children if name not in own and isinstance(child, ast.AST))
