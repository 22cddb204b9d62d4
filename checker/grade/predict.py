"""Kind `predict`: the learner says what will happen. There is no answer key: the code is run, and that is the key."""

from __future__ import annotations

import ast
import difflib
import json
from collections.abc import Mapping
from typing import TypeVar

from checker.contract import OUTCOMES, Exercise
from checker.engine import Record
from checker.grade import validity
from checker.grade.source import Unusable, parse, tests_in
from checker.grade.trials import Trials, base, short
from checker.verdict import Finding, Verdict, Version

_Assignment = TypeVar("_Assignment", ast.Assign, ast.AnnAssign)


def judge(exercise: Exercise, answers: Mapping[str, str], trials: Trials) -> Verdict:
    """The verdict, without the facts about the machine. A mutant is a wrong belief: `key` and what it `says`."""
    said = prediction(answers["prediction.py"])
    record = trials.run("Running the code", [trials.trial({}, explain=True)])[0]
    validity.usable(record, tests_in(exercise.version()).ids)
    actual = observed(record)
    open_keys = [key for key in actual if said.get(key) in (None, ..., "")]
    if len(open_keys) == len(actual):
        raise Unusable("empty", f"No prediction yet. Say what happens to: {', '.join(actual)}.")
    findings = [Finding("unanswered", "no prediction yet.", key) for key in open_keys]
    findings += [
        Finding("unknown_key", f"there is no `{key}`; the keys are {', '.join(actual)}.", key)
        for key in said
        if key not in actual
    ]
    wrong = [key for key in actual if key not in open_keys and not _same(said[key], actual[key])]
    for key in wrong:
        findings.append(_wrong(key, said[key], actual))
    beliefs = tuple(
        Version("mutant", mutant.name, "missed", (mutant.key,), "", mutant.hint)
        if mutant.key in wrong and _same(said[mutant.key], mutant.says)
        else Version(
            "mutant", mutant.name, "caught" if mutant.key not in open_keys else "not_tried", (mutant.key,)
        )
        for mutant in exercise.mutants
    )
    right = len(actual) - len(wrong) - len(open_keys)
    explanation = "\n".join(
        run.explanation for run in record.tests if short(base(run.id)) in wrong and run.explanation
    )
    return trials.verdict(
        "passed" if right == len(actual) else "misses",
        f"{right} of {len(actual)} predictions are what the machine did.",
        beliefs,
        findings=tuple(findings),
        explanation=explanation,
    )


def prediction(text: str) -> dict[str, object]:
    """The dictionary that the answer assigns to `prediction`, or that stands alone. Nothing is executed.

    Its values are literals, sums of them, or names that earlier lines gave to such a value. Later lines may set single
    keys, as in `prediction["test_a"] = "passed"`.
    """
    found: dict[str, object] | None = None
    named = _Named()
    for node in map(named.visit, parse(text).body):
        if isinstance(node, ast.Expr) and _is_dictionary(node.value):
            found = _dictionary(node.value)
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if not isinstance(node, (ast.Assign, ast.AnnAssign)) or node.value is None:
            continue
        for target in targets:
            if isinstance(target, ast.Name) and target.id == "prediction":
                found = _dictionary(node.value)
            elif (
                found is not None
                and isinstance(target, ast.Subscript)
                and _name(target.value) == "prediction"
            ):
                found[str(_plain(target.slice))] = _plain(node.value)
    if found is None:
        raise Unusable("empty", "There is no `prediction = {…}` in the answer.")
    return found


class _Named(ast.NodeTransformer):
    """Puts in the place of a name, and of a sum, its value, where the lines so far say which it is."""

    def __init__(self) -> None:
        self._values: dict[str, ast.Constant] = {}

    def visit_Assign(self, node: ast.Assign) -> ast.Assign:
        return self._note(node, node.targets)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AnnAssign:
        return self._note(node, [node.target])

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self._values.get(node.id, node) if isinstance(node.ctx, ast.Load) else node

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        self.generic_visit(node)
        sides = [side.value for side in (node.left, node.right) if isinstance(side, ast.Constant)]
        if isinstance(node.op, ast.Add) and [type(value) for value in sides] == [int, int]:
            return ast.copy_location(ast.Constant(sum(sides)), node)
        return node

    def _note(self, node: _Assignment, targets: list[ast.expr]) -> _Assignment:
        self.generic_visit(node)
        for target in targets:
            self._bind(target, node.value)
        return node

    def _bind(self, target: ast.expr, value: ast.expr | None) -> None:
        if isinstance(target, ast.Tuple):
            fits = isinstance(value, ast.Tuple) and len(value.elts) == len(target.elts)
            for one, its in zip(target.elts, value.elts if fits else [None] * len(target.elts), strict=True):
                self._bind(one, its)
        elif isinstance(target, ast.Name):
            self._values.pop(target.id, None)
            if isinstance(value, ast.Constant):
                self._values[target.id] = value


def _is_dictionary(node: ast.expr) -> bool:
    return isinstance(node, ast.Dict) or (isinstance(node, ast.Call) and _name(node.func) == "dict")


def _dictionary(node: ast.expr) -> dict[str, object]:
    value = _plain(node)
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return value
    example = 'such as {"test_a": "passed"}'
    raise Unusable("invalid", f"Line {node.lineno}: `prediction` is a dictionary, {example}.")


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else ""


def _plain(node: ast.expr) -> object:
    """The value of a literal, or of `dict(key=literal)`."""
    try:
        if isinstance(node, ast.Call) and _name(node.func) == "dict" and not node.args:
            return {str(word.arg): ast.literal_eval(word.value) for word in node.keywords}
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        message = f'Line {node.lineno}: a prediction is made of plain values, such as "passed" or 3.'
        raise Unusable("invalid", message) from None


def observed(record: Record) -> dict[str, object]:
    """What the machine did: what the given code recorded with `record_property`, else the outcome of each test."""
    recorded = {key: value for run in record.tests for key, value in run.properties.items()}
    return recorded or {short(run.id): run.outcome for run in record.tests}


def _same(said: object, actual: object) -> bool:
    if isinstance(said, str) and isinstance(actual, str):
        return said.strip().lower() == actual.strip().lower()
    try:
        return json.loads(json.dumps(said)) == actual and isinstance(said, bool) == isinstance(actual, bool)
    except (TypeError, ValueError):
        return False


def _wrong(key: str, said: object, actual: Mapping[str, object]) -> Finding:
    known = OUTCOMES if actual[key] in OUTCOMES else ()
    if known and said not in known:
        near = difflib.get_close_matches(_shown(said).strip("'\""), known, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else f"; the words are {', '.join(known)}."
        return Finding("unknown_word", f"{_shown(said)} is not an outcome{hint}", key)
    return Finding("wrong_prediction", f"you said {_shown(said)}; the machine did {actual[key]!r}.", key)


def _shown(said: object) -> str:
    """A value as it was written, cut at 80 characters. Python refuses to write out an integer that is very long."""
    try:
        return repr(said) if len(repr(said)) <= 80 else repr(said)[:80] + "…"
    except (ValueError, RecursionError):
        return f"this {type(said).__name__}"
