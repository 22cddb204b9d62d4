"""Thoroughness: which bugs an answer catches, and why it misses the others."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from checker.contract import Edit, Exercise, Mutant
from checker.engine import Record, TestRun
from checker.engine.notes import function_at
from checker.grade.source import Tests
from checker.grade.trials import Trials, base, place_of, runs_of, short
from checker.verdict import Finding, Version

_COROUTINE = re.compile(r"<coroutine object ([\w.]+) at ")


def catchers(record: Record, mutant: Mutant, passers: Sequence[str], tests: Tests) -> list[str]:
    """The tests that accepted every correct version and now fail in the way that the mutant asks for."""
    runs = runs_of(record)
    return [id for id in passers if any(outcome(run, tests) in mutant.expect for run in runs.get(id, []))]


def outcome(run: TestRun, tests: Tests) -> str:
    """A run's outcome, seen with the answer's source: some exceptions are a check's own verdict, not a crash.

    These are: one that left a `pytest.raises` block, and a TimeoutError under a time limit that the answer set.
    The limit may stand in another task than the line that waits for it; what the program raised itself is no limit.
    """
    if run.outcome != "errored":
        return run.outcome
    ran_out = run.error == "TimeoutError" and bool(tests.bounded)
    guards = tests.guarded | (tests.bounded if ran_out else frozenset())
    if any(line in guards for line in run.lines) or (ran_out and not run.in_program):
        return "failed"
    return run.outcome


def version(
    mutant: Mutant, record: Record, caught_by: Sequence[str], passers: Sequence[str], tests: Tests
) -> Version:
    """The line about one bug."""
    if caught_by:
        return Version("mutant", mutant.name, "caught", tuple(short(id) for id in caught_by))
    return Version("mutant", mutant.name, "missed", (), _why(record, passers, tests), mutant.hint)


def _why(record: Record, passers: Sequence[str], tests: Tests) -> str:
    """The sentence about a trial in which something happened, but not a catch."""
    ran = runs_of(record)
    runs = [run for id in passers for run in ran.get(id, [])]
    hung = [run.id for run in runs if run.outcome == "timed_out"]
    crashed = [run for run in runs if outcome(run, tests) == "errored"]
    if hung:
        advice = "set a time limit, then assert."
        if base(hung[0]) in tests.limited:
            advice = "something waits where no limit reaches, such as a task that is cancelled and waits once more."
        return f"{short(hung[0])} hung on it and was stopped. A hang catches nothing: {advice}"
    if crashed:
        where = f" ({place_of(crashed[0])})" if crashed[0].lines else ""
        return (
            f"{short(crashed[0].id)} crashed on it with {crashed[0].error}{where}. A crash catches nothing: "
            "assert what must hold."
        )
    if record.end == "died":
        return "Python ended before the tests did. That catches nothing."
    if record.problems:
        return "The tests could not be loaded with it. That catches nothing."
    return ""


def silent(record: Record) -> list[Finding]:
    """What a passing test did not say: coroutines nobody awaited, failures lost in a task."""
    findings = []
    for run in record.tests:
        forgotten = list(run.unawaited)
        if compared := _COROUTINE.search(run.message):
            forgotten.append((run.lines[-1][1] if run.lines else 0, compared[1]))
        findings += [
            Finding(
                "never_awaited",
                f"`{name.split('.')[-1]}(…)` is never awaited, so its body never ran. Put `await` before it.",
                run.id,
                line,
            )
            for line, name in forgotten
        ]
        findings += [
            Finding(
                "lost_in_task",
                f"a failure in a background task was lost ({text.partition(chr(10))[0]}). Await the task.",
                run.id,
                line,
            )
            for line, text in run.lost
        ]
    return list(dict.fromkeys(findings))


def reaching(mutant: Mutant, exercise: Exercise, seen: Record | None) -> tuple[str, ...]:
    """The tests that ran the function which a bug changes, as far as the record of a watched trial, if any, shows."""
    if seen is None:
        return ()
    function = _function(mutant.edit, exercise.version()) if mutant.edit else ""
    runs = runs_of(seen)
    return tuple(id for id in runs if function and any(function in run.reached for run in runs[id]))


def idle(
    exercise: Exercise,
    answers: Mapping[str, str],
    useless: Sequence[str],
    tests: Tests,
    seen: Record | None,
    trials: Trials,
) -> list[Finding]:
    """Of tests that caught nothing, those that never called the code under test, or patched it away.

    `seen`: the record of a watched trial of all tests, if there is one.
    """
    watched = {path for path in trials.changed if path.endswith(".py")}
    targets = {mutant.edit.path for mutant in exercise.mutants if mutant.edit} - {"conftest.py"}
    if not useless or not watched or not targets:
        return []
    if seen is None:
        only = trials.trial(answers, watch=trials.changed, select=tuple(useless))
        [seen] = trials.run("Looking at what the tests call", [only])
    findings = []
    files = {path: text for path, text in exercise.version().items() if path in watched}
    # A field of a class takes effect without a call, so no call says nothing of such a program.
    told_by_calls = all(_in_function(mutant.edit, files) for mutant in exercise.mutants if mutant.edit)
    ran = runs_of(seen)
    for id in (id for id in ran if id in useless):
        called = any(run.called for run in ran[id])
        patched = tests.patched.get(short(id), ())
        if away := [name for name in patched if _replaces_the_code(name, files, called=called)]:
            findings.append(
                Finding(
                    "patched_away",
                    f"it replaces `{away[0].rpartition('.')[2]}`, the code under test, and then tests the replacement.",
                    id,
                )
            )
        elif told_by_calls and not called:
            findings.append(Finding("never_called", "it never calls the code under test.", id))
    return findings


def _in_function(edit: Edit, files: Mapping[str, str]) -> bool:
    """Whether a change begins inside a function; also where it replaces a whole file, or one that is no Python."""
    return edit.text is not None or edit.path not in files or bool(_function(edit, files))


def _function(edit: Edit, files: Mapping[str, str]) -> str:
    """The function that a change begins in, by the name that it reports under; empty where there is none."""
    text = files.get(edit.path, "")
    if edit.text is not None or not edit.path.endswith(".py") or edit.find not in text:
        return ""
    begin = text.index(edit.find) + len(edit.find) - len(edit.find.lstrip())
    return function_at(edit.path, text, text.count("\n", 0, begin) + 1)


def _replaces_the_code(target: str, files: Mapping[str, str], *, called: bool) -> bool:
    """Whether patching `target`, such as `app.services.user_service.send_email`, removes what a test should try.

    A module's own function is what it is tried for. A function that it imports is its border: a test may
    replace that, as long as something of the code under test is left to run.
    """
    module, _, name = target.rpartition(".")
    own = module.rpartition(".")[2]
    return any(
        f"def {name}(" in text and (not called or f"/{path}".endswith(f"/{own}.py"))
        for path, text in files.items()
    )
