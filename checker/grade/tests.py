"""Kind `tests`: the learner wrote tests. They must accept every correct version and catch every bug."""

from __future__ import annotations

from collections.abc import Mapping

from checker.contract import Exercise
from checker.grade import bugs, validity
from checker.grade.source import Unusable, tests_in
from checker.grade.trials import Trials, short
from checker.verdict import Verdict


def judge(exercise: Exercise, answers: Mapping[str, str], trials: Trials) -> Verdict:
    """The verdict, without the facts about the machine."""
    tests = tests_in(answers)
    if not tests.ids:
        near = (
            " Near misses are named below."
            if tests.near_misses
            else " A test is a function whose name begins with `test_`."
        )
        raise Unusable("empty", f"No test found.{near}", tests.near_misses)
    valid = validity.check(exercise, answers, tests.ids, trials)
    findings = [*valid.findings, *valid.silent, *tests.near_misses]
    if valid.verdict:
        versions = (*valid.versions, *trials.not_tried())
        return trials.verdict(valid.verdict, valid.headline, versions, findings=tuple(findings))
    records = trials.run_past_hangs(
        "Trying the bugs", [trials.trial(answers, mutant.edit) for mutant in exercise.mutants], tests.ids
    )
    caught = {
        mutant.name: bugs.catchers(record, mutant, valid.passers, tests)
        for mutant, record in zip(exercise.mutants, records, strict=True)
    }
    versions = [
        bugs.version(mutant, record, caught[mutant.name], valid.passers, tests)
        for mutant, record in zip(exercise.mutants, records, strict=True)
    ]
    matrix = {short(id): tuple(name for name, by in caught.items() if id in by) for id in valid.passers}
    useless = [id for id in valid.passers if not matrix[short(id)]]
    missed = [version for version in versions if version.result == "missed"]
    names = {short(id) for id in useless}
    findings += [finding for finding in tests.findings if finding.kind == "shadowed" or finding.test in names]
    if missed:
        findings += bugs.idle(exercise, answers, useless, tests, trials)
    total = len(exercise.mutants)
    lead = f"Accepts all {len(valid.versions)} correct versions and catches {total - len(missed)} of {total} bugs."
    if not total - len(missed) and total:
        lead = f"Accepts all {len(valid.versions)} correct versions, but catches none of {total} bugs yet."
    word = "misses" if missed else "passed"
    return trials.verdict(word, lead, (*valid.versions, *versions), findings=tuple(findings), matrix=matrix)
