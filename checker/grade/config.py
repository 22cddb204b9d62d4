"""Kind `config`: the learner wrote `pytest.toml`. Sound suites must pass under it, unsound ones must be made loud."""

from __future__ import annotations

from collections.abc import Mapping

from checker.contract import Exercise, Mutant
from checker.engine import Record
from checker.grade import validity
from checker.grade.source import tests_in
from checker.grade.trials import Trials, short
from checker.verdict import Verdict, Version


def judge(exercise: Exercise, answers: Mapping[str, str], trials: Trials) -> Verdict:
    """The verdict, without the facts about the machine."""
    valid = validity.check(exercise, answers, tests_in(exercise.version()).ids, trials)
    rejected = [version for version in valid.versions if version.result == "rejected"]
    if valid.verdict:
        return trials.verdict(
            "overstrict" if rejected else valid.verdict,
            _headline(rejected[0]) if rejected else valid.headline,
            (*valid.versions, *trials.not_tried()),
            findings=valid.findings,
        )
    records = trials.run(
        "Trying the unsound suites", [trials.trial(answers, mutant.edit) for mutant in exercise.mutants]
    )
    versions = [_version(mutant, record) for mutant, record in zip(exercise.mutants, records, strict=True)]
    caught = sum(version.result == "caught" for version in versions)
    return trials.verdict(
        "passed" if caught == len(versions) else "misses",
        f"Accepts all {len(valid.versions)} sound suites and makes {caught} of {len(versions)} mistakes loud.",
        (*valid.versions, *versions),
        findings=valid.findings,
    )


def _headline(version: Version) -> str:
    which = "the suite as it is" if version.kind == "subject" else "a sound suite"
    return f"Under your configuration `{(*version.tests, 'loading')[0]}` does not pass in {which}."


def _version(mutant: Mutant, record: Record) -> Version:
    if mutant.warning:
        loud = [text for text in record.warnings if mutant.warning in text]
        if not loud:
            return Version("mutant", mutant.name, "caught")
        return Version(
            "mutant", mutant.name, "missed", (), f"pytest still warns: {loud[0].splitlines()[0]}", mutant.hint
        )
    by = [short(run.id) for run in record.tests if run.outcome in mutant.expect]
    refused = "not_collected" in mutant.expect and (bool(record.problems) or record.end == "usage")
    if by or refused:
        return Version("mutant", mutant.name, "caught", tuple(dict.fromkeys(by)))
    quiet = bool(record.tests) and all(run.outcome == "passed" for run in record.tests)
    return Version("mutant", mutant.name, "missed", (), "the suite is green" if quiet else "", mutant.hint)
