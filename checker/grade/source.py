"""Reads an answer without running it: which tests it has, and what in them cannot judge anything."""

from __future__ import annotations

import ast
import difflib
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from checker.contract import Exercise
from checker.grade import vacuous
from checker.grade.vacuous import RAISES, Function, name_of
from checker.notebook.answers import Answer
from checker.notebook.syntax import check_answer
from checker.verdict import Finding, Verdict

_GUARDS = (*RAISES, "assertRaises", "assertRaisesRegex")
_ORDERED = {"iter", "list", "tuple", "enumerate", "zip", "pop", "join", "str", "repr"}
_BLOCKS = (ast.If, ast.Try, ast.TryStar, ast.With, ast.For, ast.While, ast.Match)
_LIMITS = ("timeout", "timeout_at", "wait_for", "fail_after")


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
    (file, line). `limited`: the ids of tests that set a time limit. `others`: loading the file may show more tests
    than its source.
    """

    __test__ = False

    ids: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    near_misses: tuple[Finding, ...] = ()
    guarded: frozenset[tuple[str, int]] = frozenset()
    bounded: frozenset[tuple[str, int]] = frozenset()
    limited: frozenset[str] = frozenset()
    patched: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    others: bool = False


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


def unordered(answers: Mapping[str, str]) -> bool:
    """Whether an answer has a set, or a hash, and something that depends on its order."""
    nodes = [node for path, text in answers.items() if path.endswith(".py") for node in ast.walk(parse(text))]
    calls = [node.func for node in nodes if isinstance(node, ast.Call)]
    # By its bare name: `event.set()` makes no set.
    builtins = {call.id for call in calls if isinstance(call, ast.Name)}
    has_set = any(isinstance(node, (ast.Set, ast.SetComp)) for node in nodes) or bool(
        builtins & {"set", "frozenset"}
    )
    return "hash" in builtins or has_set and bool({name_of(call) for call in calls} & _ORDERED)


def parse(text: str) -> ast.Module:
    """The syntax tree of text that is known to be Python."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(text)


def tests_in(files: Mapping[str, str]) -> Tests:
    """The tests of every `test_….py` among the files."""
    ids: dict[str, None] = {}
    findings: list[Finding] = []
    near: list[Finding] = []
    guarded: set[tuple[str, int]] = set()
    bounded: set[tuple[str, int]] = set()
    limited: set[str] = set()
    patched: dict[str, tuple[str, ...]] = {}
    others = False
    for path, text in files.items():
        name = path.rsplit("/", 1)[-1]
        if not (name.startswith("test_") and name.endswith(".py")):
            continue
        tree = parse(text)
        guarded |= {(name, line) for line in _lines_within(tree, _GUARDS)}
        bounded |= {(name, line) for line in _lines_within(tree, _LIMITS)}
        defined = frozenset(node.name for node in tree.body if isinstance(node, (Function, ast.ClassDef)))
        others |= _may_have_others(tree)
        near += _near_misses(tree)
        for id, function in _functions(tree):
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
            ids[f"{path}::{id}"] = None
            findings += vacuous.findings(id, function, defined)
            patched[id] = _patched(function)
            if _lines_within(function, _LIMITS):
                limited.add(f"{path}::{id}")
    return Tests(
        tuple(ids),
        tuple(findings),
        tuple(near),
        frozenset(guarded),
        frozenset(bounded),
        frozenset(limited),
        patched,
        others,
    )


def _functions(tree: ast.Module) -> Iterator[tuple[str, Function]]:
    """The tests that pytest is sure to collect, by the rest of their node ids."""
    for node in tree.body:
        if _is_test(node):
            yield node.name, node
        elif isinstance(node, ast.ClassDef) and _is_collected(node):
            yield from ((f"{node.name}::{inner.name}", inner) for inner in node.body if _is_test(inner))


def _may_have_others(tree: ast.Module) -> bool:
    """Whether loading the file may show more tests: inherited, made by a call, under a condition, in an inner class."""
    return any(
        isinstance(node, ast.ClassDef)
        and (_is_collected(node) and (node.bases or any(isinstance(one, ast.ClassDef) for one in node.body)))
        or isinstance(node, ast.Assign)
        and any(name_of(one).startswith("test") for one in node.targets)
        or isinstance(node, _BLOCKS)
        and not _is_main(node)
        and any(_is_test(one) or isinstance(one, ast.ClassDef) for one in ast.walk(node))
        for node in tree.body
    )


def _is_main(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and "__name__" in {name_of(one) for one in ast.walk(node.test)}


def _near_misses(tree: ast.Module) -> Iterator[Finding]:
    """What was meant as a test and is none."""

    def near(node: Function | ast.ClassDef, sentence: str) -> Finding:
        return Finding("near_miss", sentence, node.name, node.lineno)

    used = {name_of(node) for node in ast.walk(tree) if isinstance(node, (ast.Name, ast.Attribute))}
    for node in tree.body:
        if isinstance(node, Function) and not _is_fixture(node):
            if _meant_as_test(node) or not _is_test(node) and node.name not in used and _only_asserts(node):
                yield near(node, f"`{node.name}` is not run: the name of a test begins with `test_`.")
            for inner in ast.walk(node):
                if (
                    inner is not node
                    and _is_test(inner)
                    and (_is_test(node) or inner.name.startswith("test_"))
                ):
                    yield near(
                        inner,
                        f"`{inner.name}` is defined inside `{node.name}`; pytest finds only tests at the left margin "
                        "or in a class.",
                    )
        elif isinstance(node, ast.ClassDef) and any(map(_is_test, node.body)) and not _is_collected(node):
            if any(isinstance(inner, Function) and inner.name == "__init__" for inner in node.body):
                why = "has an `__init__`, so pytest does not collect it. Use a fixture instead."
                yield near(node, f"class `{node.name}` {why}")
            elif node.name not in used:  # else another class may inherit from it
                yield near(node, f"class `{node.name}` is not collected: the name begins with `Test`.")
        elif _is_main(node):
            for inner in filter(_is_test, ast.walk(node)):
                yield near(
                    inner,
                    f"`{inner.name}` stands under `if __name__ …`, which a test run skips. Move it out.",
                )


def _is_test(node: ast.AST) -> bool:
    return isinstance(node, Function) and node.name.startswith("test") and not _is_fixture(node)


def _is_collected(node: ast.ClassDef) -> bool:
    """Whether pytest looks for tests in a class: one of unittest's by its base, another by its name."""
    if any(name_of(base).endswith("TestCase") for base in node.bases):
        return True
    has_init = any(isinstance(inner, Function) and inner.name == "__init__" for inner in node.body)
    return node.name.startswith("Test") and not has_init


def _only_asserts(node: Function) -> bool:
    """Whether a function of no arguments asserts: somebody forgot what the name of a test begins with."""
    plain = not node.decorator_list and not (node.args.args or node.args.kwonlyargs)
    return plain and any(isinstance(inner, ast.Assert) for inner in ast.walk(node))


def _is_fixture(node: Function) -> bool:
    # `usefixtures` is a mark of tests.
    return any(
        name_of(one.func if isinstance(one, ast.Call) else one).endswith("fixture")
        for one in node.decorator_list
    )


def _meant_as_test(node: Function) -> bool:
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
    return isinstance(node, ast.Call) and name_of(node.func) in names


def _patched(function: Function) -> tuple[str, ...]:
    """What the test patches: `app.services.user_service.send_email`; of an object, `user_service.send_email`."""
    found = []
    for node in ast.walk(function):
        if not isinstance(node, ast.Call):
            continue
        texts = [
            arg.value for arg in node.args[:2] if isinstance(arg, ast.Constant) and isinstance(arg.value, str)
        ]
        if texts and name_of(node.func) in ("patch", "setattr", "object"):
            is_whole = isinstance(node.args[0], ast.Constant)
            found.append(texts[0] if is_whole else f"{_dotted(node.args[0])}.{texts[0]}")
    return tuple(found)


def _dotted(node: ast.expr) -> str:
    """`a.b.c` as it is written, of any length; another expression by its last name alone."""
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    return ".".join(reversed([*names, name_of(node)])).strip(".")
