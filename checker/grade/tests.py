"""Kind `tests`: the learner wrote tests. They must accept every correct version and catch every bug."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from checker.contract import Exercise
from checker.engine import Record
from checker.grade import bugs, validity
from checker.grade.source import Tests, Unusable, tests_in
from checker.grade.trials import Trials, runs_of, short
from checker.verdict import Verdict


def judge(exercise: Exercise, answers: Mapping[str, str], trials: Trials) -> Verdict:
    """The verdict, without the facts about the machine."""
    tests = tests_in(answers)
    if not tests.ids and not tests.others:
        near = (
            " Near misses are named below."
            if tests.near_misses
            else " A test is a function whose name begins with `test_`."
        )
        raise Unusable("empty", f"No test found.{near}", tests.near_misses)
    # A stranger's answer is tried on all at once, in any order: nothing but the program tells it which one it has.
    strangers = trials.engine.isolation.strangers
    among = [
        trials.trial(answers, mutant.edit, until=trials.until, order=trials.any_order())
        for mutant in (exercise.mutants if strangers else ())
    ]
    valid = validity.check(exercise, answers, tests.ids, trials, among)
    if not valid.ids:
        raise Unusable("empty", "No test found.", tests.near_misses)
    findings = [*valid.findings, *valid.silent, *tests.near_misses]
    if valid.verdict:
        versions = (*valid.versions, *trials.not_tried())
        return trials.verdict(valid.verdict, valid.headline, versions, findings=tuple(findings))
    mutated = among or [
        trials.trial(
            answers, mutant.edit, until=trials.until, first=bugs.reaching(mutant, exercise, valid.seen)
        )
        for mutant in exercise.mutants
    ]
    records = trials.run_past_hangs("Trying the bugs", mutated, valid.ids, valid.tried)
    caught = _caught(exercise, records, valid.passers, tests)
    useless = _useless(valid.passers, caught)
    doubted = {finding.test for finding in tests.findings}
    # A test that caught nothing yet may catch a bug that another one caught before its turn. It must be known where it
    # is told: while bugs survive, and of tests that look wrong.
    if useless and (not all(caught.values()) or doubted & {short(id) for id in useless}):
        _give_them_their_turn(useless, answers, caught, records, trials, valid.seen)
        caught = _caught(exercise, records, valid.passers, tests)
        useless = _useless(valid.passers, caught)
    versions = [
        bugs.version(mutant, record, caught[mutant.name], valid.passers, tests)
        for mutant, record in zip(exercise.mutants, records, strict=True)
    ]
    missed = [version for version in versions if version.result == "missed"]
    names = {short(id) for id in useless}
    findings += [finding for finding in tests.findings if finding.kind == "shadowed" or finding.test in names]
    if missed:
        findings += bugs.idle(exercise, answers, useless, tests, valid.seen, trials)
    total = len(exercise.mutants)
    lead = f"Accepts all {len(valid.versions)} correct versions and catches {total - len(missed)} of {total} bugs."
    if not total - len(missed) and total:
        lead = f"Accepts all {len(valid.versions)} correct versions, but catches none of {total} bugs yet."
    word = "misses" if missed else "passed"
    matrix = {}
    if trials.matrix:
        matrix = {short(id): tuple(name for name, by in caught.items() if id in by) for id in valid.passers}
    return trials.verdict(word, lead, (*valid.versions, *versions), findings=tuple(findings), matrix=matrix)


def _caught(
    exercise: Exercise, records: Sequence[Record], passers: Sequence[str], tests: Tests
) -> dict[str, list[str]]:
    """By bug, the tests that were seen to catch it."""
    return {
        mutant.name: bugs.catchers(record, mutant, passers, tests)
        for mutant, record in zip(exercise.mutants, records, strict=True)
    }


def _useless(passers: Sequence[str], caught: Mapping[str, Sequence[str]]) -> list[str]:
    """The tests that were not seen to catch any bug."""
    return [id for id in passers if not any(id in by for by in caught.values())]


def _give_them_their_turn(
    idle: Sequence[str],
    answers: Mapping[str, str],
    caught: Mapping[str, Sequence[str]],
    records: list[Record],
    trials: Trials,
    seen: Record | None,
) -> None:
    """Runs the idle tests on the bugs whose trials ended before their turn; adds the runs to `records`.

    `seen`: the record of a watched trial, if there is one. It leaves out tests that do not run what the bug changes.
    """
    waiting = {}
    for place, (mutant, record) in enumerate(zip(trials.exercise.mutants, records, strict=True)):
        reaching = bugs.reaching(mutant, trials.exercise, seen)
        rest = [id for id in idle if id not in runs_of(record) and (id in reaching or not reaching)]
        if caught[mutant.name] and rest:
            waiting[place] = trials.trial(answers, mutant.edit, select=tuple(rest))
    if not waiting:
        return
    for place, record in zip(
        waiting, trials.run("Trying the other tests", list(waiting.values())), strict=True
    ):
        records[place] = replace(records[place], tests=(*records[place].tests, *record.tests))
