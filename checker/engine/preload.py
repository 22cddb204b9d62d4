"""Imports once, for all trials of a grading, the part of a program that is the same in each of them.

A trial imports its program anew. A module that no version changes, and that imports none that one changes, comes out
the same each time: the warm process imports it, and a fork hands it on. Only what the first lines of a trial's
conftest.py import, before anything else is done, so that a test that forgets an import still misses it.
What versions change is imported ahead in a branch of the warm process, which serves the trials of one version alone.
"""

from __future__ import annotations

import ast
import contextlib
import gc
import hashlib
import importlib
import io
import os
import re
import signal
import sys
import threading
import warnings
from collections import OrderedDict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import wraps
from types import ModuleType

from child import Program, surroundings
from place import by_name
from program import program_modules

MOST = 8  # programs that are kept
LOADING_SECONDS = 2.0
MOST_KNOWN = 4096  # texts of which something is
# What may come out another way in another folder, or is imported in a way that is not read off the text.
_BY_PLACE = re.compile(
    r"__file__|importlib|__import__|tempfile|cwd|expanduser|(?i:\bhome\b)|\bTE?MP(?:DIR)?\b"
    r"|\b(?:abspath|absolute|realpath|resolve)\("
)
_TIME = re.compile(r"now|today|time|monotonic|perf_counter|random|secrets|token|uuid|urandom")
# Settings by which something else may be imported first, or conftest.py not at all.
_OTHER_WAY = re.compile(r"conftest|pythonpath|import.?mode|plugins|[\s\"'=]-p\b")


@dataclass(frozen=True)
class Imports:
    """The import statements of a text. `first`: those before anything else; `outer`: outside functions, classes and
    conditions; `all_of_them`: those too that run later or never.
    """

    first: tuple[ast.stmt, ...]
    outer: tuple[ast.stmt, ...]
    all_of_them: tuple[ast.stmt, ...]


def _by_hash(function):
    """Remembers what a function of texts gave, by their hashes alone: each trial can read our memory."""
    known = {}

    @wraps(function)
    def remembering(text: str, *more):
        key = (hashlib.sha256(text.encode("utf-8", "replace")).digest(), *more)
        if key not in known:
            if len(known) == MOST_KNOWN:
                known.clear()
            known[key] = function(text, *more)
        return known[key]

    return remembering


@_by_hash
def imports(text: str) -> Imports:
    """What a text imports; nothing where it is no Python."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return Imports((), (), ())
    statements = (ast.Import, ast.ImportFrom)
    body = tree.body[1:] if ast.get_docstring(tree, clean=False) is not None else tree.body
    first = next((n for n, node in enumerate(body) if not isinstance(node, statements)), len(body))
    return Imports(
        tuple(body[:first]),
        tuple(node for node in body if isinstance(node, statements)),
        tuple(node for node in ast.walk(tree) if isinstance(node, statements)),
    )


def named(statement: ast.stmt, package: str = "") -> Iterator[str]:
    """The modules that a statement may import. `package`: of the module it stands in."""
    if isinstance(statement, ast.Import):
        yield from (alias.name for alias in statement.names)
        return
    above = package.split(".")[: len(package.split(".")) - statement.level + 1] if statement.level else []
    base = ".".join([*above, *([statement.module] if statement.module else [])])
    yield base
    yield from (f"{base}.{alias.name}" for alias in statement.names)


@dataclass(frozen=True)
class Plan:
    """The modules of the program that may be imported before a trial, in order.

    `branch`: by a process that serves the trials of one version alone; `shared`: by one that serves those of all.
    """

    shared: tuple[str, ...] = ()
    branch: tuple[str, ...] = ()


def plan(job: dict) -> Plan:
    """What may be imported before a trial."""
    settings = job["files"].get("pytest.toml", "")
    if job["varied"] is None or job["env"] or job["command"] is not None or _OTHER_WAY.search(settings):
        return Plan()
    files, modules = job["files"], program_modules(job["files"])
    needs = {name: _needs(text, name, path, frozenset(modules)) for name, (path, text) in modules.items()}
    order = [name for name in _in_order(files, modules) if name not in sys.modules]

    def steady(unsteady: list[str]) -> tuple[str, ...]:
        found = _steady({name: needs[name] for name, (path, _) in modules.items() if path not in unsteady})
        return tuple(name for name in order if name in found)

    timely = [path for path in job["varied"] if _by_time(files.get(path, ""))]
    return Plan(steady([*job["answers"], *job["varied"]]), steady([*job["answers"], *timely]))


def version(job: dict, plan: Plan) -> bytes | None:
    """What tells a version of the program from all others, also from one whose functions do not report; None where a
    branch of its own could import no more of it than the warm process does.
    """
    if plan.branch == plan.shared:
        return None
    modules = sorted(program_modules(job["files"]).items())
    return hashlib.sha256(repr((plan.branch, modules, sorted(job["watch"]))).encode("utf-8", "replace")).digest()


class Preloaded:
    """The modules that this process has imported, by program."""

    def __init__(self) -> None:
        self._programs: OrderedDict[tuple, dict[str, ModuleType]] = OrderedDict()

    def of(self, names: tuple[str, ...], job: dict) -> Mapping[str, ModuleType]:
        """Those that the process of a trial is to find imported already, by name."""
        modules, watch = program_modules(job["files"]), job["watch"]
        key = tuple((name, *modules[name], modules[name][0] in watch) for name in names)
        if key not in self._programs:
            self._programs[key] = _load(names, job["files"], watch)
            gc.freeze()
            if len(self._programs) > MOST:
                self._programs.popitem(last=False)
        self._programs.move_to_end(key)
        return self._programs[key]


@_by_hash
def _by_time(text: str) -> bool:
    """Whether a module may ask for the time or for chance while it is imported: a bug may lie in when it does."""
    try:
        waiting: list[ast.AST] = [ast.parse(text)]
    except (SyntaxError, ValueError):
        return True
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Call) and _TIME.search(ast.unparse(node.func)):
            return True
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):  # its body runs later
            waiting += [*getattr(node, "decorator_list", ()), node.args]
        else:
            waiting += ast.iter_child_nodes(node)
    return False


def _package(name: str, path: str) -> str:
    return name if path.endswith("__init__.py") else name.rpartition(".")[0]


def _parents(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[:count]) for count in range(1, len(parts))]


def _within(statement: ast.stmt, package: str, modules: Collection[str]) -> list[str]:
    """The modules of the program that a statement imports, in order, those that hold them first."""
    found = [one for name in named(statement, package) for one in (*_parents(name), name)]
    return [name for name in dict.fromkeys(found) if name in modules]


@_by_hash
def _needs(text: str, name: str, path: str, modules: frozenset[str]) -> frozenset[str] | None:
    """The modules of the program that one may import; None where that is not read off its text."""
    if _BY_PLACE.search(text):
        return None
    statements, package = imports(text).all_of_them, _package(name, path)
    return modules.intersection(_parents(name)).union(*(_within(one, package, modules) for one in statements))


def _steady(needs: Mapping[str, frozenset[str] | None]) -> set[str]:
    """The modules that come out the same in every trial. `needs`: what each may import, of those whose text does."""
    steady = {name for name, others in needs.items() if others is not None}
    while unsteady := {name for name in steady if not needs[name] <= steady}:
        steady -= unsteady
    return steady


def _in_order(files: Mapping[str, str], modules: Mapping[str, tuple[str, str]]) -> list[str]:
    """The modules of the program that are imported before a trial's own code does anything, as they finish."""
    begins = (
        "conftest.py"
        if "conftest.py" in files
        else min((path for path in files if "test" in path), default="")
    )
    done: dict[str, bool] = {}
    _follow(imports(files.get(begins, "")).first, "", modules, done)
    return list(done)


def _follow(
    statements: tuple[ast.stmt, ...],
    package: str,
    modules: Mapping[str, tuple[str, str]],
    done: dict[str, bool],
) -> None:
    """Adds the modules that the statements import to `done`, in the order in which they finish; False: not yet."""
    for statement in statements:
        for name in _within(statement, package, modules):
            if name not in done:
                done[name] = False
                path, text = modules[name]
                _follow(imports(text).outer, _package(name, path), modules, done)
                del done[name]
                done[name] = True


class _TooLong(BaseException):
    """No `except Exception` of the program takes it for its own."""


def _take_too_long(*_) -> None:
    raise _TooLong


def _complete(modules: Collection[ModuleType]) -> None:
    """Does what libraries put off until a program is first used: SQLAlchemy its mappers, FastAPI its routes."""
    if "sqlalchemy.orm" in sys.modules:
        sys.modules["sqlalchemy.orm"].configure_mappers()
    if "fastapi" in sys.modules:
        for app in {one for module in modules for one in vars(module).values() if _is_app(one)}:
            with contextlib.suppress(sys.modules["starlette.routing"].NoMatchFound):
                app.url_path_for("the name of no route")  # looks at each of them


def _is_app(value: object) -> bool:
    return isinstance(value, sys.modules["fastapi"].FastAPI)


def _load(names: Collection[str], files: Mapping[str, str], watch: Collection[str]) -> dict[str, ModuleType]:
    """Imports the modules and forgets that it did. None of them where one fails, says something, starts a thread or
    takes long: that is for the trial to show.
    """
    program, said = Program(files, os.getcwd(), watch), io.StringIO()
    environment, known = dict(os.environ), set(sys.modules)
    surround = surroundings(os.getcwd())
    os.environ.clear()
    os.environ.update(surround)
    sys.meta_path.insert(0, program)
    handler = signal.signal(signal.SIGALRM, _take_too_long)
    try:
        signal.setitimer(signal.ITIMER_REAL, LOADING_SECONDS)
        with (
            contextlib.redirect_stdout(said),
            contextlib.redirect_stderr(said),
            by_name(),
            warnings.catch_warnings(record=True) as warned,
        ):
            warnings.simplefilter("always")
            for name in names:
                importlib.import_module(name)
            if names:
                _complete([sys.modules[name] for name in names])
    except BaseException:  # also what pytest raises, and an exit: the warm process must outlive them
        names = []
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)
        sys.meta_path.remove(program)
        found = {
            name: sys.modules.pop(name) for name in program.modules if name in sys.modules.keys() - known
        }
        os.environ.clear()
        os.environ.update(environment)
    if said.getvalue() or warned or threading.active_count() > 1:
        return {}
    return {name: found[name] for name in names}
