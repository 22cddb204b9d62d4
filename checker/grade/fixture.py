"""Kind `fixture`: the learner wrote `conftest.py`. Our given tests must pass with it: in any order, alone, twice."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import replace

from checker.contract import Exercise, Mutant
from checker.engine import POSTGRESQL, Record, Trial
from checker.grade import validity
from checker.grade.source import Unusable, parse, tests_in
from checker.grade.trials import Trials, runs_of, short
from checker.verdict import Finding, Verdict, Version

NAMES = {"sqlite": "SQLite", POSTGRESQL: "PostgreSQL"}


def judge(exercise: Exercise, answers: Mapping[str, str], trials: Trials) -> Verdict:
    """The verdict, without the facts about the machine: of the first database on which the answer does not pass."""
    for database in exercise.databases:
        try:
            verdict = _judge(exercise, answers, trials.on(database))
        except Unusable as unusable:
            unusable.headline = f"On {NAMES[database]}: {unusable.headline}"
            raise
        if not verdict.passed:
            return replace(verdict, headline=f"On {NAMES[database]}: {verdict.headline}")
    if exercise.databases:
        both = " and ".join(NAMES[database] for database in exercise.databases)
        return replace(verdict, headline=f"On {both}: {verdict.headline}")
    return _judge(exercise, answers, trials)


def _judge(exercise: Exercise, answers: Mapping[str, str], trials: Trials) -> Verdict:
    """The verdict on one database.

    The tests that no mutant names must pass on every correct program. A mutant's own tests, run together and without
    the others, must pass: then the fixture is free of that bug. Last, all of them: each alone, reversed, twice.
    """
    if not any(
        isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        for node in parse(answers["conftest.py"]).body
    ):
        raise Unusable("empty", "No fixture found. A fixture is a function with `@pytest.fixture` above it.")
    ids = tests_in(exercise.version()).ids
    named = {id for mutant in exercise.mutants for id in _ids(mutant, ids)}
    basic = [id for id in ids if id not in named]
    edits = [None, *(variant.edit for variant in exercise.variants)]
    notes = ["", *(variant.note for variant in exercise.variants)]
    names = [validity.AS_IT_IS, *(variant.name for variant in exercise.variants)]
    plan = [trials.trial(answers, edit, select=tuple(basic or ids), explain=True) for edit in edits]
    records = trials.run("Trying the correct versions", plan)
    validity.usable(records[0], basic or ids)
    versions = [
        _correct("variant" if place else "subject", names[place], notes[place], record, basic or ids)
        for place, record in enumerate(records)
    ]
    rejected = [version for version in versions if version.result == "rejected"]
    if rejected:
        return trials.verdict(_word(records), _headline(rejected[0]), (*versions, *trials.not_tried()))
    *groups, failing = trials.run(
        "Trying the bugs",
        [
            *(trials.trial(answers, select=_ids(mutant, ids), explain=True) for mutant in exercise.mutants),
            _must_fail(trials.trial(answers, explain=True), (basic or ids)[0]),
        ],
    )
    if not _failed(failing, (basic or ids)[:1]):
        said = f"`{short((basic or ids)[0])}` passed even where it asserts what is false."
        raise Unusable(
            "invalid",
            f"With your `conftest.py`, {said} Look for a hook that changes what tests do.",
            flags=(said,),
        )
    bugs = [
        _bug(mutant, record, _ids(mutant, ids))
        for mutant, record in zip(exercise.mutants, groups, strict=True)
    ]
    avoided = sum(bug.result == "caught" for bug in bugs)
    findings = [] if avoided < len(bugs) else _in_any_order(answers, ids, trials)
    verdict = "misses" if avoided < len(bugs) else "invalid" if findings else "passed"
    works = f"Works with all {len(versions)} correct versions" if len(versions) > 1 else "Works"
    headline = f"{works} and avoids {avoided} of {len(bugs)} bugs."
    if findings:
        headline += " But its tests do not pass in every order."
    return trials.verdict(verdict, headline, (*versions, *bugs), findings=tuple(findings))


def _ids(mutant: Mutant, ids: Sequence[str]) -> tuple[str, ...]:
    """The node ids that a mutant names by their last part."""
    return tuple(id for id in ids if id in mutant.tests or short(id) in mutant.tests)


def _must_fail(trial: Trial, id: str) -> Trial:
    """The trial with a false assertion in the given test `id`: a fixture has no business with how a test ends."""
    path, *_, name = id.split("::")
    tree = parse(trial.files[path])
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name == name:
            node.body.insert(0, ast.Assert(ast.Constant(0)))
    return replace(trial, files={**trial.files, path: ast.unparse(ast.fix_missing_locations(tree))})


def _word(records: Sequence[Record]) -> str:
    if any(record.end == "timed_out" for record in records):
        return "timed_out"
    return "invalid" if any(run.outcome == "errored" for run in records[0].tests) else "overstrict"


def _headline(version: Version) -> str:
    where = (
        "the program as it is"
        if version.kind == "subject"
        else f"a correct version ({version.name.replace('_', ' ')})"
    )
    return (
        f"With your fixture, `{version.tests[0] if version.tests else 'loading'}` does not pass on {where}."
    )


def _failed(record: Record, ids: Sequence[str]) -> list[str]:
    runs = runs_of(record)
    return [id for id in ids if not runs.get(id) or any(run.outcome != "passed" for run in runs[id])]


def _explanation(record: Record, ids: Sequence[str]) -> str:
    runs = runs_of(record)
    return "\n\n".join(run.explanation for id in ids for run in runs.get(id, []) if run.explanation)


def _correct(kind: str, name: str, note: str, record: Record, ids: Sequence[str]) -> Version:
    bad = _failed(record, ids)
    if not bad:
        return Version(kind, name, "accepted")
    return Version(
        kind, name, "rejected", tuple(map(short, bad)), _how(record), note, _explanation(record, bad)
    )


def _bug(mutant: Mutant, record: Record, ids: Sequence[str]) -> Version:
    bad = _failed(record, ids)
    if not bad:
        return Version("mutant", mutant.name, "caught", tuple(map(short, ids)))
    sentence = _how(record) or f"{short(bad[0])} does not pass"
    return Version(
        "mutant",
        mutant.name,
        "missed",
        tuple(map(short, bad)),
        sentence,
        mutant.hint,
        _explanation(record, bad),
    )


def _how(record: Record) -> str:
    if record.end == "timed_out":
        return f"{short(record.culprit) or 'loading'} hung and was stopped"
    return "Python ended before the tests did" if record.end == "died" else ""


def _in_any_order(answers: Mapping[str, str], ids: Sequence[str], trials: Trials) -> list[Finding]:
    """Each test alone, all of them forward, reversed and twice."""
    plan = [
        *(trials.trial(answers, select=(id,)) for id in ids),
        trials.trial(answers),
        trials.trial(answers, order="reversed"),
        trials.trial(answers, repeat=2),
    ]
    records = trials.run("Trying every order", plan)
    words = [*("alone" for _ in ids), "together", "in reversed order", "twice in a row"]
    found: dict[str, Finding] = {}
    for place, (word, record) in enumerate(zip(words, records, strict=True)):
        for id in _failed(record, ids[place : place + 1] if word == "alone" else ids):
            found.setdefault(
                id,
                Finding(
                    "order_dependent",
                    f"does not pass when the tests run {word}: something is left over or missing.",
                    id,
                ),
            )
    return list(found.values())
