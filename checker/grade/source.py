"""Reads an answer without running it: which tests it has, and what in them cannot judge anything."""

from __future__ import annotations

import ast
import difflib
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from checker.contract import Exercise
from checker.notebook.answers import Answer
from checker.notebook.syntax import check_answer
from checker.verdict import Finding, Verdict

_BROAD = ("Exception", "BaseException")
_RAISES = ("raises", "RaisesGroup")
_LIMITS = ("timeout", "timeout_at", "wait_for", "fail_after")
_CHECKS = ("assert_", "raises", "RaisesGroup", "warns", "fail")


class Unusable(Exception):
    """An answer that cannot be tried."""

    def __init__(
        self,
        verdict: str,
        headline: str,
        findings: tuple[Finding, ...] = (),
        explanation: str = "",
        flags: tuple[str, ...] = (),
    ) -> None:
        super().__init__(headline)
        self.word, self.headline, self.findings = verdict, headline, findings
        self.explanation, self.flags = explanation, flags

    def verdict(self, exercise: Exercise) -> Verdict:
        """The verdict it makes."""
        return Verdict(
            exercise.id,
            exercise.title,
            exercise.kind,
            self.word,
            self.headline,
            findings=self.findings,
            explanation=self.explanation,
            flags=self.flags,
        )


@dataclass(frozen=True)
class Tests:
    """What a test file contains. `ids` are node ids without parameters.

    `guarded`: lines inside a `pytest.raises` block; `bounded`: lines under a time limit of the answer's own. Both as
    (file, line).
    """

    __test__ = False

    ids: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    near_misses: tuple[Finding, ...] = ()
    guarded: frozenset[tuple[str, int]] = frozenset()
    bounded: frozenset[tuple[str, int]] = frozenset()
    patched: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def readable(exercise: Exercise, answers: Mapping[str, str], first_line: Mapping[str, int]) -> dict[str, str]:
    """The answer's files, each with as many empty lines before it that its line numbers are those of its cell.

    `Unusable` where there is nothing to try: no text, or text that is not what its file must hold.
    """
    files = {}
    for name in exercise.answers:
        text = answers.get(name, "").replace("\r\n", "\n").removeprefix("\ufeff").rstrip()
        if not text.strip():
            what = f"for `{name}` " if len(exercise.answers) > 1 else ""
            raise Unusable(
                "empty", f"Nothing {what}here yet. Write your answer below the first line and run the cell."
            )
        begin = first_line.get(name, 1)
        problems = (
            ()
            if exercise.kind == "command"
            else check_answer(Answer(exercise.id, name, text, 0, begin), name)
        )
        if problems:
            lines = [
                f"Line {one.line}: {one.reason}" if one.line else f"The answer {one.reason}"
                for one in problems
            ]
            findings = [
                Finding(one.kind, said, line=one.line or 0) for one, said in zip(problems, lines, strict=True)
            ]
            raise Unusable("invalid", lines[0], tuple(findings))
        files[name] = "\n" * (begin - 1) + text + "\n"
    return files


def parse(text: str) -> ast.Module:
    """The syntax tree of text that is known to be Python."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(text)


def tests_in(files: Mapping[str, str]) -> Tests:
    """The tests of every `test_….py` among the files."""
    ids: list[str] = []
    findings: list[Finding] = []
    near: list[Finding] = []
    guarded: set[tuple[str, int]] = set()
    bounded: set[tuple[str, int]] = set()
    patched: dict[str, tuple[str, ...]] = {}
    for path, text in files.items():
        name = path.rsplit("/", 1)[-1]
        if not (name.startswith("test_") and name.endswith(".py")):
            continue
        tree = parse(text)
        guarded |= {(name, line) for line in _lines_within(tree, _RAISES)}
        bounded |= {(name, line) for line in _lines_within(tree, _LIMITS)}
        for id, function in _functions(tree, near):
            if f"{path}::{id}" in ids:
                findings.append(
                    Finding(
                        "shadowed",
                        f"`{function.name}` is defined twice; only the last one runs. "
                        "Give each test a name of its own.",
                        id,
                        function.lineno,
                    )
                )
                continue
            ids.append(f"{path}::{id}")
            findings += _findings(id, function)
            patched[id] = _patched(function)
    return Tests(tuple(ids), tuple(findings), tuple(near), frozenset(guarded), frozenset(bounded), patched)


_Function = ast.FunctionDef | ast.AsyncFunctionDef


def _functions(tree: ast.Module, near: list[Finding]) -> Iterator[tuple[str, _Function]]:
    for node in tree.body:
        if isinstance(node, _Function):
            if _is_fixture(node):
                continue  # also one that is called `test_user`
            if node.name.startswith("test"):
                yield node.name, node
                near += [
                    Finding(
                        "near_miss",
                        f"`{inner.name}` is defined inside `{node.name}`; pytest finds only tests at "
                        "the left margin or in a class.",
                        inner.name,
                        inner.lineno,
                    )
                    for inner in ast.walk(node)
                    if isinstance(inner, _Function) and inner is not node and inner.name.startswith("test")
                ]
            elif _meant_as_test(node):
                near.append(
                    Finding(
                        "near_miss",
                        f"`{node.name}` is not run: the name of a test begins with `test_`.",
                        node.name,
                        node.lineno,
                    )
                )
            near += [
                Finding(
                    "near_miss",
                    f"`{inner.name}` is defined inside `{node.name}`; move it to the left margin.",
                    inner.name,
                    inner.lineno,
                )
                for inner in ast.walk(node)
                if isinstance(inner, _Function)
                and inner is not node
                and inner.name.startswith("test_")
                and not node.name.startswith("test")
            ]
        elif isinstance(node, ast.ClassDef):
            methods = [inner for inner in node.body if isinstance(inner, _Function)]
            tests = [inner for inner in methods if inner.name.startswith("test") and not _is_fixture(inner)]
            if not tests:
                continue
            if any(inner.name == "__init__" for inner in methods):
                near.append(
                    Finding(
                        "near_miss",
                        f"class `{node.name}` has an `__init__`, so pytest does not collect it. Use a fixture instead.",
                        node.name,
                        node.lineno,
                    )
                )
            elif not node.name.startswith("Test"):
                near.append(
                    Finding(
                        "near_miss",
                        f"class `{node.name}` is not collected: the name begins with `Test`.",
                        node.name,
                        node.lineno,
                    )
                )
            else:
                for inner in tests:
                    yield f"{node.name}::{inner.name}", inner


def _is_fixture(node: _Function) -> bool:
    # `usefixtures` is a mark of tests.
    return any(
        _name(one.func if isinstance(one, ast.Call) else one).endswith("fixture")
        for one in node.decorator_list
    )


def _meant_as_test(node: _Function) -> bool:
    word = node.name.split("_")[0].lower()
    return word != "test" and (
        bool(difflib.get_close_matches(word, ["test"], cutoff=0.7)) or "_test" in node.name
    )


def _lines_within(tree: ast.Module, names: tuple[str, ...]) -> set[int]:
    """The lines in the body of a `with NAME(…)`, or of the call itself where it is not a `with`."""
    lines: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.With, ast.AsyncWith)) and any(
            _calls(item.context_expr, names) for item in node.items
        ):
            inside = node.body
        elif isinstance(node, ast.expr) and _calls(node, names):
            inside = [node]
        else:
            continue
        for inner in inside:
            lines.update(range(inner.lineno, (inner.end_lineno or inner.lineno) + 1))
    return lines


def _calls(node: ast.AST, names: tuple[str, ...]) -> bool:
    return isinstance(node, ast.Call) and _name(node.func) in names


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _findings(id: str, function: _Function) -> Iterator[Finding]:
    """What in a test cannot fail, told by its source alone."""
    for node in ast.walk(function):
        if isinstance(node, ast.Assert):
            if isinstance(node.test, ast.Tuple) and node.test.elts:
                yield Finding(
                    "tuple_assert",
                    "an assertion in brackets with a message is a tuple, and a tuple is always true. "
                    'Write `assert x, "message"`.',
                    id,
                    node.lineno,
                )
            elif isinstance(node.test, ast.Constant) and node.test.value:
                yield Finding(
                    "constant_assert", f"`assert {ast.unparse(node.test)}` can never fail.", id, node.lineno
                )
        elif (
            isinstance(node, ast.Call)
            and _calls(node, _RAISES)
            and node.args
            and _name(node.args[0]) in _BROAD
        ):
            yield Finding(
                "broad_raises",
                f"`pytest.raises({_name(node.args[0])})` accepts any mistake, a typo too. Name the "
                "error that you expect.",
                id,
                node.lineno,
            )
        elif isinstance(node, ast.ExceptHandler) and _swallows(node):
            yield Finding("swallowed", "this `except` swallows a failing assertion.", id, node.lineno)
    if not _checks(function):
        yield Finding(
            "no_check", "nothing is asserted, so only a crash could make it fail.", id, function.lineno
        )


def _swallows(node: ast.ExceptHandler) -> bool:
    wide = node.type is None or _name(node.type) in (*_BROAD, "AssertionError")
    return wide and all(isinstance(inner, (ast.Pass, ast.Continue)) for inner in node.body)


def _checks(function: _Function) -> bool:
    return any(
        isinstance(node, ast.Assert)
        or isinstance(node, ast.Call)
        and (
            _name(node.func).startswith(_CHECKS)
            or "check" in _name(node.func).lower()
            or "assert" in _name(node.func).lower()
        )
        for node in ast.walk(function)
    )


def _patched(function: _Function) -> tuple[str, ...]:
    """What the test patches: `app.services.user_service.send_email`; of an object, `user_service.send_email`."""
    found = []
    for node in ast.walk(function):
        if not isinstance(node, ast.Call):
            continue
        texts = [
            arg.value for arg in node.args[:2] if isinstance(arg, ast.Constant) and isinstance(arg.value, str)
        ]
        if texts and _name(node.func) in ("patch", "setattr", "object"):
            is_whole = isinstance(node.args[0], ast.Constant)
            found.append(texts[0] if is_whole else f"{ast.unparse(node.args[0])}.{texts[0]}")
    return tuple(found)
