"""Makes a program another text that does the same, so that no trial can be told by a hash, a name or a line number.

Local variables get other names, functions that stand side by side change places, functions get other docstrings and a
variable that nobody reads. What can be seen from outside a function stays: parameters, attributes, decorated functions,
classes, the order in which a module runs. Chance decides anew each time.
"""

from __future__ import annotations

import ast
import builtins
import keyword
import random
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_Inner = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)
_Comprehension = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
# A function that looks at names or frames is left as it is; a module that looks at docstrings keeps them.
_LOOKS_AT_NAMES = frozenset({"locals", "vars", "dir", "eval", "exec", "_getframe", "f_locals", "currentframe", "stack"})
_LOOKS_AT_DOCSTRINGS = frozenset({"__doc__", "getdoc"})
_WORDS = ("amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "heath", "inlet", "juniper", "knoll", "larch")
_FRAME = r"(?P<path>{paths}):(?P<line>\d+)(?P<rest>: in .*|: .*|)$"


@dataclass(frozen=True)
class Disguise:
    """A program's new `text`, and the way back: `names` new to old, `source` the old lines."""

    text: str
    names: Mapping[str, str] = field(default_factory=dict)
    source: Sequence[str] = ()
    tree: ast.Module | None = None

    @cached_property
    def lines(self) -> Mapping[int, int]:
        """New line numbers to old ones."""
        if self.tree is None:
            return {}
        return dict(_lines(_parse(self.text).body, self.tree.body))


def disguise(text: str, chance: random.Random) -> Disguise:
    """The program as another text. One that cannot be parsed stays as it is."""
    try:
        tree = _parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return Disguise(text)
    found = _study(text)
    words = _Words(found.taken, chance)
    names: dict[str, str] = {}
    for function, variables in zip(_functions(tree), found.variables, strict=True):
        if variables is not None:
            renamed = {name: words.name() for name in variables}
            if renamed:
                _rename(function, renamed)
            _add_unread(function, words, chance)
            names |= {new: old for old, new in renamed.items()}
        if not function.decorator_list and not found.looks_at_docstrings:
            _set_docstring(function, words.sentence())
    _reorder(tree, chance)
    try:
        return Disguise(ast.unparse(tree) + "\n", names, tuple(text.split("\n")), tree)
    except ValueError:  # Python 3.11 cannot write every f-string that it reads
        return Disguise(text)


@dataclass(frozen=True)
class _Study:
    """What is known of a text, whatever chance does: identifiers in use, and what may be renamed in each function.

    `variables` is None for a function that looks at names or frames.
    """

    taken: frozenset[str]
    variables: tuple[tuple[str, ...] | None, ...]
    looks_at_docstrings: bool


@lru_cache(maxsize=256)
def _study(text: str) -> _Study:
    tree = _parse(text)
    taken = frozenset(_identifiers(tree))
    curious = bool(_LOOKS_AT_NAMES & taken)
    variables = tuple(
        None if curious and _LOOKS_AT_NAMES & _identifiers(function) else tuple(sorted(_renamable(function)))
        for function in _functions(tree)
    )
    return _Study(taken, variables, bool(_LOOKS_AT_DOCSTRINGS & taken))


def _functions(tree: ast.Module) -> list[_Function]:
    return [node for node in ast.walk(tree) if isinstance(node, _Function)]


def reveal(said: str, disguises: Mapping[str, Disguise]) -> str:
    """What a trial said, with the real names, and in its frames the real lines of the program."""
    names = {new: old for one in disguises.values() for new, old in one.names.items()}
    if names:
        said = re.sub(r"\b[a-z]+(?:_[a-z]+){2}\b", lambda found: names.get(found[0], found[0]), said)
    paths = "|".join(re.escape(path) for path in disguises)
    return "\n".join(_real(said.split("\n"), re.compile(_FRAME.format(paths=paths)), disguises)) if paths else said


def _real(lines: list[str], frame: re.Pattern, disguises: Mapping[str, Disguise]) -> Iterator[str]:
    """The lines; the code that stands under a frame of the program is the real one, without marks below it."""
    quoting = False
    for line in lines:
        found = frame.match(line)
        if found and (old := disguises[found["path"]].lines.get(int(found["line"]))):
            yield f"{found['path']}:{old}{found['rest']}"
            if quoting := found["rest"].startswith(": in "):
                yield f"    {disguises[found['path']].source[old - 1].strip()}"
        elif not (quoting and line.startswith("    ")):
            quoting = False
            yield line


def _parse(text: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(text)


class _Words:
    """New names, none of which the module uses, and sentences."""

    def __init__(self, taken: frozenset[str], chance: random.Random) -> None:
        self._taken = {*taken, *dir(builtins), *keyword.kwlist}
        self._chance = chance

    def name(self) -> str:
        """Three words that no text of a person is likely to hold."""
        while True:
            new = "_".join(self._chance.choices(_WORDS, k=3))
            if new not in self._taken:
                self._taken.add(new)
                return new

    def sentence(self) -> str:
        return " ".join(self._chance.choices(_WORDS, k=self._chance.randint(3, 9))).capitalize() + "."


def _identifiers(tree: ast.AST) -> set[str]:
    """Every name in it, whatever it names, also in strings of one word."""
    found: set[str] = set()
    for node in ast.walk(tree):
        for _, value in ast.iter_fields(node):
            values = value if isinstance(value, list) else [value]
            found.update(one for one in values if isinstance(one, str) and one.isidentifier())
    return found


def _renamable(function: _Function) -> set[str]:
    """Variables that live in this function alone, and that only plain assignments, loops and the like bind."""
    own = list(_own(function.body))
    bound = {node.id for node in own if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    bound |= {node.name for node in own if isinstance(node, ast.ExceptHandler) and node.name}
    other = {one.arg for one in ast.walk(function.args) if isinstance(one, ast.arg)}
    for node in own:
        if isinstance(node, (ast.Global, ast.Nonlocal)):
            other.update(node.names)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            other.update((alias.asname or alias.name).split(".")[0] for alias in node.names)
        elif isinstance(node, (ast.MatchAs, ast.MatchStar)) and node.name:
            other.add(node.name)
        elif isinstance(node, ast.MatchMapping) and node.rest:
            other.add(node.rest)
        elif isinstance(node, (*_Inner, *_Comprehension)):
            other |= _identifiers(node)
    return {name for name in bound - other if not name.startswith("__")}


def _own(nodes: Sequence[ast.AST]) -> Iterator[ast.AST]:
    """The nodes of a function's own scope. Of an inner one, itself, and what is evaluated outside it."""
    for node in nodes:
        yield node
        if isinstance(node, _Comprehension):
            yield from _own([node.generators[0].iter])
        elif isinstance(node, ast.Lambda):
            yield from _own([*node.args.defaults, *(one for one in node.args.kw_defaults if one)])
        elif isinstance(node, _Function):
            yield from _own([*node.decorator_list, node.args, *filter(None, [node.returns])])
        elif isinstance(node, ast.ClassDef):
            yield from _own([*node.decorator_list, *node.bases, *node.keywords])
        else:
            yield from _own(list(ast.iter_child_nodes(node)))


def _rename(function: _Function, names: Mapping[str, str]) -> None:
    for node in _own(function.body):
        if isinstance(node, ast.Name):
            node.id = names.get(node.id, node.id)
        elif isinstance(node, ast.ExceptHandler) and node.name:
            node.name = names.get(node.name, node.name)


def _add_unread(function: _Function, words: _Words, chance: random.Random) -> None:
    """One or two assignments to variables that nobody reads, somewhere at the top level of the body."""
    for _ in range(chance.randint(1, 2)):
        first = 1 if ast.get_docstring(function, clean=False) is not None else 0
        value = ast.Constant(chance.choice((None, True, chance.randint(0, 9999), words.name())))
        new = ast.Assign([ast.Name(words.name(), ast.Store())], value, lineno=function.lineno)
        function.body.insert(chance.randint(first, len(function.body)), new)


def _set_docstring(function: _Function, sentence: str) -> None:
    replaced = 1 if ast.get_docstring(function, clean=False) is not None else 0
    function.body[:replaced] = [ast.Expr(ast.Constant(sentence), lineno=function.lineno)]


def _reorder(tree: ast.Module, chance: random.Random) -> None:
    """Shuffles the functions that stand side by side at the left margin, where defining them runs nothing."""
    begin = 0
    while begin < len(tree.body):
        end = begin
        while end < len(tree.body) and _movable(tree.body[end]):
            end += 1
        run = tree.body[begin:end]
        names = {node.name for node in run}
        needed = {name for node in run for name in _needed(node)}
        if len(run) > 1 and len(names) == len(run) and not names & needed:
            chance.shuffle(run)
            tree.body[begin:end] = run
        begin = end + 1


def _movable(node: ast.stmt) -> bool:
    """Whether a definition calls nothing when it is made: no decorator, no call in a default or an annotation."""
    return (
        isinstance(node, _Function)
        and not node.decorator_list
        and not any(isinstance(one, (ast.Call, ast.Await, ast.NamedExpr)) for one in _evaluated(node))
    )


def _evaluated(node: _Function) -> Iterator[ast.AST]:
    for part in (node.args, node.returns):
        if part is not None:
            yield from ast.walk(part)


def _needed(node: _Function) -> set[str]:
    return {one.id for one in _evaluated(node) if isinstance(one, ast.Name)}


def _lines(new: Sequence[ast.stmt], old: Sequence[ast.stmt]) -> Iterator[tuple[int, int]]:
    """Pairs of line numbers, statement by statement. What was added has the line of its function."""
    for now, before in zip(new, old, strict=True):
        for line in range(now.lineno, (now.end_lineno or now.lineno) + 1):
            yield line, before.lineno
        for name in ("body", "orelse", "finalbody", "handlers", "cases"):
            yield from _lines(getattr(now, name, []), getattr(before, name, []))
