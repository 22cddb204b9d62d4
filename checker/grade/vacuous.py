"""What in a test cannot fail, told by its source alone. Said only of tests that caught nothing."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from checker.verdict import Finding

RAISES = ("raises", "RaisesGroup")
_BROAD = ("Exception", "BaseException")
_CHECKS = ("assert_", "raises", "RaisesGroup", "warns", "fail")
_PRINTS = ("print", "debug", "info", "warning", "error", "exception")
# A mock takes any name for one of its own; these are near its assertions.
_NO_ASSERTIONS = (
    "called_once_with",
    "called_with",
    "called_once",
    "awaited_once_with",
    "awaited_with",
    "awaited_once",
)
_SAME_IS_TRUE = (ast.Eq, ast.Is, ast.LtE, ast.GtE)

Function = ast.FunctionDef | ast.AsyncFunctionDef


def findings(id: str, function: Function, defined: frozenset[str]) -> Iterator[Finding]:
    """What the test `id` does instead of checking. `defined`: the functions and classes of its file."""
    for node in ast.walk(function):
        for kind, sentence in _of(node, defined):
            yield Finding(kind, sentence, id, node.lineno)
    for node in _behind_the_end(function):
        yield Finding(
            "unreachable",
            "nothing below a `return` or a `raise` runs, this assertion neither.",
            id,
            node.lineno,
        )
    if not _has_a_check(function):
        yield Finding("no_check", f"nothing is asserted{_instead(function)}", id, function.lineno)


def name_of(node: ast.expr) -> str:
    """The last name of `a.b.c` or `c`; empty for anything else."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _of(node: ast.AST, defined: frozenset[str]) -> Iterator[tuple[str, str]]:
    if isinstance(node, ast.Assert):
        yield from _of_assertion(node.test, defined)
    elif isinstance(node, ast.Call):
        yield from _of_call(node)
    elif isinstance(node, ast.ExceptHandler) and _swallows(node):
        yield "swallowed", "this `except` swallows a failing assertion."
    elif isinstance(node, ast.Expr) and _names_an_assertion(node.value):
        yield (
            "not_called",
            f"`{name_of(node.value)}` is only named. Put brackets behind it, so that it is called.",
        )
    elif isinstance(node, ast.Expr) and _hides_failures(node.value):
        yield (
            "returned_exceptions",
            "`return_exceptions=True` puts a failure among the results, and nobody looks at them.",
        )


def _of_assertion(test: ast.expr, defined: frozenset[str]) -> Iterator[tuple[str, str]]:
    if isinstance(test, ast.Tuple) and test.elts:
        yield (
            "tuple_assert",
            "an assertion in brackets with a message is a tuple, and a tuple is always true. "
            'Write `assert x, "message"`.',
        )
    elif isinstance(test, ast.Constant) and test.value:
        yield "constant_assert", f"`assert {repr(test.value)[:60]}` can never fail."
    elif isinstance(test, ast.BoolOp) and isinstance(test.op, ast.Or) and any(map(_is_true, test.values)):
        yield (
            "constant_assert",
            "`or` with a value that is always true can never fail. Compare with each value.",
        )
    elif _names_an_assertion(test):
        yield "not_called", f"`{name_of(test)}` is only named. Call it, without `assert` before it."
    elif isinstance(test, ast.Lambda) or name_of(test) in defined and isinstance(test, ast.Name):
        yield "always_true", "a function that is not called is always true. Call it."
    elif isinstance(test, ast.GeneratorExp):
        yield "always_true", "a generator is always true, whatever it would yield. Write `all(…)` around it."
    elif isinstance(test, ast.ListComp):
        yield "always_true", "a list that is not empty is true, whatever it holds. Write `all(…)` around it."
    elif (
        isinstance(test, ast.Compare)
        and isinstance(test.ops[0], _SAME_IS_TRUE)
        and isinstance(test.left, ast.Name)
        and ast.dump(test.left) == ast.dump(test.comparators[0])
    ):
        yield "always_true", f"`{test.left.id}` is compared with itself."


def _is_true(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and bool(node.value)


def _of_call(node: ast.Call) -> Iterator[tuple[str, str]]:
    name = name_of(node.func)
    if name in RAISES:
        expected = [
            *node.args[:1],
            *(word.value for word in node.keywords if word.arg == "expected_exception"),
        ]
        named = [one for each in expected for one in (each.elts if isinstance(each, ast.Tuple) else [each])]
        for broad in [name_of(one) for one in named if name_of(one) in _BROAD][:1]:
            yield (
                "broad_raises",
                f"`pytest.raises({broad})` accepts any mistake, a typo too. Name the error that you expect.",
            )
    elif name == "suppress" and any(name_of(one) in (*_BROAD, "AssertionError") for one in node.args):
        yield "swallowed", "this `suppress` swallows a failing assertion."
    elif name in _NO_ASSERTIONS:
        yield (
            "not_called",
            f"`{name}` is no assertion of a mock, so it checks nothing. Write `assert_{name}`.",
        )


def _names_an_assertion(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and node.attr.startswith("assert_")


def _hides_failures(node: ast.expr) -> bool:
    call = node.value if isinstance(node, ast.Await) else node
    return (
        isinstance(call, ast.Call)
        and name_of(call.func) == "gather"
        and any(word.arg == "return_exceptions" and _is_true(word.value) for word in call.keywords)
    )


def _swallows(node: ast.ExceptHandler) -> bool:
    """Whether a wide handler does nothing, or only tells somebody."""
    wide = node.type is None or name_of(node.type) in (*_BROAD, "AssertionError")
    return wide and all(
        isinstance(inner, (ast.Pass, ast.Continue))
        or isinstance(inner, ast.Return)
        and inner.value is None
        or isinstance(inner, ast.Expr)
        and (isinstance(inner.value, ast.Constant) or _prints(inner.value))
        for inner in node.body
    )


def _prints(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and name_of(node.func) in _PRINTS


def _behind_the_end(function: Function) -> Iterator[ast.Assert]:
    """Assertions below a `return` or a `raise` of the same block."""
    for node in ast.walk(function):
        for block in (getattr(node, name, None) for name in ("body", "orelse", "finalbody")):
            if isinstance(block, list):
                ends = [place for place, one in enumerate(block) if isinstance(one, (ast.Return, ast.Raise))]
                yield from (
                    (one for one in block[ends[0] + 1 :] if isinstance(one, ast.Assert)) if ends else ()
                )


def _has_a_check(function: Function) -> bool:
    return any(
        isinstance(node, ast.Assert)
        or isinstance(node, ast.Call)
        and (
            name_of(node.func).startswith(_CHECKS)
            or "check" in name_of(node.func).lower()
            or "assert" in name_of(node.func).lower()
        )
        for node in ast.walk(function)
    )


def _instead(function: Function) -> str:
    """The rest of the sentence about a test without a check."""
    for node in ast.walk(function):
        if isinstance(node, ast.Return) and node.value is not None:
            return ": what a test returns is not looked at. Write `assert` for `return`."
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Compare):
            return ": a comparison alone judges nothing. Write `assert` before it."
    return ", so only a crash could make it fail."
