"""`%show`: the real source of a program under test, or what an exercise is given."""

from __future__ import annotations

import ast
import difflib
import re
from collections.abc import Iterator
from pathlib import Path

from IPython.core.magic import Magics, line_magic, magics_class
from IPython.display import display

from checker import contract
from checker.contract import ContractError, UnknownExercise
from checker.magics.output import Output, markdown_output, sentence

_ID = re.compile(r"\d+\.\d+")
_LANGUAGES = {".py": "python", ".toml": "toml", ".md": "markdown", ".ini": "ini", ".html": "html"}
_LARGEST = 200_000


class NotShown(Exception):
    """There is nothing to show; the message says what there is."""


@magics_class
class ShowMagics(Magics):
    """`%show`. `root` is the project's folder."""

    def __init__(self, shell, root: Path) -> None:
        super().__init__(shell)
        self._root = root.resolve()

    @line_magic
    def show(self, line: str) -> None:
        """Show source code.

        %show app/services/user_service.py                 a file
        %show app/services/user_service.py create_user     a function, class or assignment in it
        %show app/models.py User.email                     an attribute or a method of a class
        %show 5.1                                          the files that exercise 5.1 is given
        %show 5.1 conftest.py                              one of them
        """
        try:
            display(self._shown(line.split()))
        except NotShown as error:
            display(sentence(str(error)))

    def _shown(self, words: list[str]) -> Output:
        if not 1 <= len(words) <= 2:
            raise NotShown("Write what to show: `%show app/main.py`, `%show app/main.py app` or `%show 5.1`.")
        first, second = words[0], words[1] if len(words) == 2 else ""
        if _ID.fullmatch(first):
            files = self._given(first, second)
        else:
            source = self._read(first)
            files = {first: definition(source, second, first) if second else source}
        return markdown_output(
            "\n\n".join(f"{name}\n\n{source.rstrip()}" for name, source in files.items()),
            "\n\n".join(fenced(name, source) for name, source in files.items()),
        )

    def _given(self, id: str, name: str) -> dict[str, str]:
        try:
            exercise = contract.find(id, self._root, contract.CONTRACTS)
        except (UnknownExercise, ContractError) as error:
            raise NotShown(str(error)) from None
        files = {**(exercise.subject if exercise.own_subject else {}), **exercise.given}
        if not files:
            raise NotShown(
                f"Exercise {id} is given nothing but the program in `app/`. Look at it with `%show app/main.py`."
            )
        if not name:
            return files
        if name not in files:
            raise NotShown(
                f"Exercise {id} has no file `{name}`. It has {', '.join(f'`{known}`' for known in files)}."
            )
        return {name: files[name]}

    def _read(self, name: str) -> str:
        path = (self._root / name).resolve()
        if not path.is_relative_to(self._root) or not path.is_file():
            known = [
                file.relative_to(self._root).as_posix() for file in sorted((self._root / "app").rglob("*.py"))
            ]
            near = difflib.get_close_matches(name, known, n=3, cutoff=0.4) or known[:3]
            raise NotShown(
                f"There is no file `{name}` in the project. Near: {', '.join(f'`{one}`' for one in near)}."
            )
        try:
            if path.stat().st_size > _LARGEST:
                raise NotShown(f"`{name}` is too large to show.")
            return path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise NotShown(f"`{name}` cannot be read as text: {error}. Name another file.") from None


def fenced(name: str, source: str) -> str:
    """A file as Markdown: its name, then its code in a fence that nothing in it closes."""
    longest = max((len(ticks) for ticks in re.findall("`+", source)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"`{name}`\n\n{fence}{_LANGUAGES.get(Path(name).suffix, 'text')}\n{source.rstrip()}\n{fence}"


def definition(source: str, name: str, path: str) -> str:
    """The lines that define `name`: a function, a class, an assignment; `Class.method` inside a class."""
    try:
        found = dict(_definitions(ast.parse(source)))
    except SyntaxError as error:
        raise NotShown(
            f"`{path}` is not valid Python (line {error.lineno}). Show the whole file: `%show {path}`."
        ) from None
    if name not in found:
        near = difflib.get_close_matches(name, found, n=3, cutoff=0.4) or list(found)[:6]
        raise NotShown(
            f"`{path}` does not define `{name}`. It defines {', '.join(f'`{one}`' for one in near)}."
        )
    first, last = found[name]
    lines = source.splitlines()[first - 1 : last]
    indent = len(lines[0]) - len(lines[0].lstrip())
    return "\n".join(line[indent:] if not line[:indent].strip() else line for line in lines)


def _definitions(tree: ast.AST, prefix: str = "") -> Iterator[tuple[str, tuple[int, int]]]:
    for node in getattr(tree, "body", []):
        names: list[str] = []
        first = node.lineno
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names = [node.name]
            first = min([first, *(decorator.lineno for decorator in node.decorator_list)])
        elif isinstance(node, ast.Assign):
            names = [target.id for target in node.targets if isinstance(target, ast.Name)]
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names = [node.target.id]
        for name in names:
            yield prefix + name, (first, node.end_lineno)
        if isinstance(node, ast.ClassDef):
            yield from _definitions(node, f"{prefix}{node.name}.")
