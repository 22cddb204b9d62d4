"""What in an answer a person should look at. A flag never changes a verdict: each of these can be honest."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping

from checker.contract import Exercise
from checker.grade.source import parse
from checker.grade.vacuous import name_of
from checker.verdict import Verdict

MOST = 20
# Calls and attributes by their whole name, where it can be told; a module alone stands for all that is in it.
_NAMES: Mapping[str, str] = {
    "os._exit": "ends Python at once",
    "os.abort": "ends Python at once",
    "os.kill": "signals a process",
    "os.killpg": "signals processes",
    "pytest.exit": "ends the run",
    "atexit.register": "does something when Python ends",
    "signal.signal": "changes how signals are taken",
    "signal.alarm": "changes how signals are taken",
    "signal.setitimer": "changes how signals are taken",
    "signal.pthread_sigmask": "changes how signals are taken",
    "gc.": "looks through the objects of the process",
    "sys._getframe": "walks the frames above it",
    "inspect.stack": "walks the frames above it",
    "inspect.currentframe": "walks the frames above it",
    "inspect.getsource": "reads the program's source",
    "sys.modules": "reaches for modules by name",
    "os.write": "writes to a descriptor, as the result channel is one",
    "os.fdopen": "opens a descriptor, as the result channel is one",
    "os.symlink": "makes a link",
    "os.fork": "starts processes",
    "os.system": "starts a command",
    "os.getppid": "looks at the process that started it",
    "subprocess.": "starts a command",
    "multiprocessing.": "starts processes",
    "socket.": "opens a line to somewhere",
    "psutil.": "looks at processes",
    "ctypes.": "reaches below Python",
    "resource.": "changes the limits of the process",
    "dis.": "reads the program's bytecode",
    "_pytest.": "reaches into pytest",
    "builtins.AssertionError": "changes what an assertion is",
}
_ATTRIBUTES: Mapping[str, str] = {
    "__code__": "reads the program's bytecode",
    "co_code": "reads the program's bytecode",
    "f_back": "walks the frames above it",
    "tb_frame": "walks the frames above it",
    "pluginmanager": "reaches into pytest",
    "__subclasses__": "looks through the objects of the process",
}
_PATHS = re.compile(r"^/(?:proc|dev|etc|home|root|usr|var|tmp|Users)\b|^~/|\.\./|checker/")
_READS = ("open", "read_text", "read_bytes", "getsource", "getsourcelines")
# Not `pytest_collection_modifyitems`, which marks tests from outside: whoever leaves one out there is told so.
_HOOK = re.compile(
    r"pytest_(?!collection_modifyitems)(?:runtest|coll|report|session|(?:un)?configure|pyfunc|load)"
)


def flags(exercise: Exercise, answers: Mapping[str, str], verdict: Verdict) -> tuple[str, ...]:
    """Sentences, each with its line where there is one; those of the verdict first."""
    found = dict.fromkeys(verdict.flags)
    found |= dict.fromkeys(_of_effects(verdict))
    for path, text in answers.items():
        if path.endswith(".py"):
            try:
                seen = sorted(set(_of_source(parse(text))))
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                continue  # what cannot be read did not run
            found |= dict.fromkeys(f"line {line}: {what}" for line, what in seen)
    listed = list(found)
    return tuple(listed if len(listed) <= MOST else [*listed[:MOST], f"and {len(listed) - MOST} more"])


def _of_effects(verdict: Verdict) -> Iterator[str]:
    """What a trial did, however it is written."""
    if "Tests that leave early" in verdict.headline:
        yield "a trial ended before its tests were done"
    if verdict.headline.startswith("The trial sent "):
        yield "a trial wrote something else on its result channel"


def _of_source(tree: ast.Module) -> Iterator[tuple[int, str]]:
    modules = dict(_imports(tree))
    for node in ast.walk(tree):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            names = (
                [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
            )
            for name in names:
                module = f"{name.split('.')[0]}."
                if module in _NAMES:
                    yield node.lineno, _said(module, name)
        elif isinstance(node, (ast.Attribute, ast.Name)):
            yield from _of_name(node, modules)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and _HOOK.match(node.name):
            yield node.lineno, f"defines a hook of pytest (`{node.name}`)"
        elif isinstance(node, ast.Call) and name_of(node.func) in _READS:
            yield from _of_reading(node)
        elif (
            isinstance(node, ast.Constant) and isinstance(node.value, str) and _PATHS.search(node.value[:500])
        ):
            yield node.lineno, f"names a place outside its folder (`{node.value[:60]}`)"


def _imports(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """What each imported name stands for: `exit` for `os._exit`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.asname, alias.name) for alias in node.names if alias.asname)
        elif isinstance(node, ast.ImportFrom):
            yield from ((alias.asname or alias.name, f"{node.module}.{alias.name}") for alias in node.names)


def _of_name(node: ast.Attribute | ast.Name, modules: Mapping[str, str]) -> Iterator[tuple[int, str]]:
    parts: list[str] = []
    inner: ast.expr = node
    while isinstance(inner, ast.Attribute):
        parts.append(inner.attr)
        inner = inner.value
    if isinstance(inner, ast.Name):
        parts.append(modules.get(inner.id, inner.id))
        whole = ".".join(reversed(parts))
        for key in (whole, f"{whole.split('.')[0]}." if "." in whole else whole):
            if key in _NAMES:
                yield node.lineno, _said(key, whole)
    if isinstance(node, ast.Attribute) and node.attr in _ATTRIBUTES:
        yield node.lineno, f"{_ATTRIBUTES[node.attr]} (`{node.attr}`)"
    elif isinstance(node, ast.Name) and node.id == "pytest_plugins":
        yield node.lineno, "names plugins for pytest to load (`pytest_plugins`)"


def _said(key: str, whole: str) -> str:
    return f"{_NAMES[key]} (`{whole[:60]}`)"


def _of_reading(node: ast.Call) -> Iterator[tuple[int, str]]:
    """A file of Python that is read: the program under test, or the answer itself."""
    if any(isinstance(one, ast.Attribute) and one.attr == "__file__" for one in ast.walk(node)):
        name = name_of(node.func)
        yield (
            node.lineno,
            f"reads the program's source (`{name}{'(…)' if isinstance(node.func, ast.Name) else ''}`)",
        )
