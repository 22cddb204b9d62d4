"""Validity: whether an answer accepts every correct version, each time, in any order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from checker.contract import Exercise
from checker.engine import Record, Trial
from checker.grade import stability
from checker.grade.bugs import silent
from checker.grade.source import Unusable, unordered
from checker.grade.trials import Trials, place_of, runs_of, short
from checker.verdict import Finding, Version

AS_IT_IS = "as it is"
_SENTENCE, _AMONG_BUGS = "Trying the correct versions", "Trying correct versions and bugs"


@dataclass(frozen=True)
class Validity:
    """What the correct versions showed. `ids`: the tests that ran. `passers`: those that passed on all, each time.

    `seen`: the record of the subject, where it was watched. `tried`: those of the bugs, where these were tried too.
    """

    versions: tuple[Version, ...]
    findings: tuple[Finding, ...]
    ids: tuple[str, ...]
    passers: tuple[str, ...]
    silent: tuple[Finding, ...] = ()
    verdict: str = ""
    headline: str = ""
    seen: Record | None = None
    tried: tuple[Record, ...] = ()


def check(
    exercise: Exercise,
    answers: Mapping[str, str],
    ids: Sequence[str],
    trials: Trials,
    among: Sequence[Trial] = (),
) -> Validity:
    """Runs the answer on every correct version, more than once and in both orders. `ids`: the tests that must run.

    Most answers accept all: then the subject twice, a variant in reversed order and the other variants are enough.
    Where anything else happens, the subject forward, the subject reversed and twice, and every variant tell why.
    `among`: trials on bugs, to run mixed with the first ones, so that no time and no order tells which are which.
    """
    variants = exercise.variants
    strangers = trials.engine.isolation.strangers
    plan = [
        trials.trial(answers, watch=() if strangers else trials.changed),
        trials.trial(answers, order="reversed", repeat=2),
        *(trials.trial(answers, variant.edit) for variant in variants),
    ]
    findings: list[Finding] = []
    quick, tried = _quickly(plan, trials, among) if variants or among else ([], [])
    if quick and (quick[0].end == "timed_out" or all(_accepts(record, ids) for record in quick)):
        second, (first, *others) = None, quick
    else:
        first, *rest = trials.run(_SENTENCE, plan, stop_at_hang=len(plan))
        usable(first, ids)
        second, *others = rest
        findings = stability.changed_mind(first, second, trials, plan[:2], ids)
        if quick and not findings:  # what failed once has failed
            first, *others = map(_with_failures, (first, *others), quick)
            usable(first, ids)
            findings = stability.changed_mind(first, second, trials, plan[:2], ids)
    usable(first, ids)
    ids = (*ids, *(id for id in runs_of(first) if id not in ids))
    if not findings and unordered(answers):
        findings = stability.by_order_of_sets(first, trials, plan[0], ids)
    versions = [_version("subject", AS_IT_IS, "", first, ids)]
    versions += [
        _version("variant", variant.name, variant.note, record, ids)
        for variant, record in zip(variants, others, strict=True)
    ]
    if not findings:
        findings += stability.flaky_on_variant(variants, others, versions, trials, plan[2:], ids)
    said = _first_problem(first, versions, findings)
    ran = [runs_of(record) for record in (first, second, *others) if record]
    passers = [id for id in ids if all(stability.passed(runs, id) for runs in ran)]
    findings += skipped(first)
    if said[0]:
        versions = explained(versions, [plan[0], *plan[2:]], trials, ids)
    if not said[0] and not passers:
        said = "empty", "No test ran to its end: all of them are skipped or marked as expected failures."
    return Validity(
        tuple(versions),
        tuple(findings),
        tuple(ids),
        tuple(passers),
        tuple(silent(first)),
        *said,
        None if strangers else first,
        tuple(tried),
    )


def _quickly(
    plan: Sequence[Trial], trials: Trials, among: Sequence[Trial]
) -> tuple[list[Record], list[Record]]:
    """The records of the subject and of the variants where every test is expected to pass, and those of `among`.

    Each trial ends with the first test that fails, like those on the bugs: a stranger's test cannot tell them apart.
    """
    subject, _, *variants = [replace(trial, until=trials.until) for trial in plan]
    quick = [
        replace(subject, repeat=2),
        *(replace(variant, order="reversed") for variant in variants[:1]),
        *variants[1:],
    ]
    if among and len(variants) < 2:  # so that there is a correct version that runs as the bugs do
        quick.append(subject)
    records = trials.run(_AMONG_BUGS if among else _SENTENCE, [*quick, *among], stop_at_hang=len(quick))
    correct, tried = records[: len(quick)], records[len(quick) :]
    if len(correct) > len(plan) - 1:
        correct[0] = _with_failures(correct[0], correct.pop())
    return correct, tried


def _accepts(record: Record, ids: Sequence[str]) -> bool:
    """Whether a trial ended well, with every test passed."""
    ran = runs_of(record)
    return (
        record.end == "finished"
        and not record.problems
        and all(stability.passed(ran, id) for id in {*ids, *ran})
    )


def _with_failures(record: Record, before: Record) -> Record:
    """The record, in which a test that failed before, and now does not, has failed once; that of before where Python
    ended in it.
    """
    if before.end == "died":
        return before
    fails = {run.id for run in record.tests if run.outcome in stability.NOT_PASSED}
    failed = {
        run.id: run for run in before.tests if run.outcome in stability.NOT_PASSED and run.id not in fails
    }
    return replace(record, tests=tuple(failed.pop(run.id, run) for run in record.tests))


def usable(record: Record, ids: Sequence[str]) -> None:
    """Raises `Unusable` where a trial on the subject says nothing about the tests: it did not load, it left early."""
    if record.problems and not any(message == "skipped" for _, _, message in record.problems):
        path, line, message = record.problems[0]
        where = f" (line {line})" if line else ""
        raise Unusable(
            "invalid",
            f"pytest could not load `{path}`{where}. Nothing was tested.",
            (Finding("not_collected", _last_line(message), line=line),),
            message,
        )
    if record.end == "usage":
        raise Unusable(
            "invalid", "pytest refused to start. Its own words are below.", explanation=record.output
        )
    if record.end == "timed_out":
        where = (
            f"`{short(record.culprit)}` never ended" if record.culprit else "Loading the answer never ended"
        )
        raise Unusable(
            "timed_out",
            f"{where}; it was stopped. Wait for a state, with a timeout, never for ever.",
            (Finding("timed_out", f"{where}.", record.culprit),),
        )
    if record.end == "died" and record.culprit and "::" not in record.culprit:
        raise Unusable("invalid", f"The trial {record.culprit}, and was stopped.")
    ran = runs_of(record)
    missing = [id for id in ids if id not in ran]
    if record.end == "died":
        during = f" during `{short(record.culprit)}`" if record.culprit else ""
        raise Unusable(
            "invalid",
            f"Python ended{during} before the tests were done (exit code {record.exit_code}). Tests that "
            "leave early judge nothing: look for `os._exit`, `sys.exit` or a crash.",
            explanation=record.output,
        )
    skipped_file = any(message == "skipped" for _, _, message in record.problems)
    if missing and skipped_file:
        raise Unusable("empty", "The whole file is skipped, so no test ran.")
    if missing:
        raise Unusable(
            "invalid",
            f"`{short(missing[0])}` did not run, and pytest ended. Look for `pytest.exit`, a hook or an "
            "option that leaves tests out.",
            tuple(Finding("not_run", "did not run.", id) for id in missing),
        )


def _last_line(message: str) -> str:
    lines = [line for line in message.splitlines() if line.startswith("E ")]
    return (lines or message.splitlines() or [""])[-1].removeprefix("E").strip()


def _version(kind: str, name: str, note: str, record: Record, ids: Sequence[str]) -> Version:
    runs = runs_of(record)
    bad = [id for id in ids if not stability.passed(runs, id, allow_skips=True)]
    if not bad and not record.problems:
        return Version(kind, name, "accepted")
    messages = [f"E   {run.error}: {run.message}" for id in bad for run in runs.get(id, []) if run.error]
    sentence = ""
    if record.end == "timed_out":
        sentence = f"{short(record.culprit) or 'loading'} hung on it"
    elif record.end == "died":
        sentence = "Python ended before the tests did"
    return Version(
        kind,
        name,
        "rejected",
        tuple(short(id) for id in bad),
        sentence,
        note,
        "\n\n".join(messages) or "\n".join(message for _, _, message in record.problems),
    )


def explained(
    versions: Sequence[Version], plans: Sequence[Trial], trials: Trials, ids: Sequence[str]
) -> list[Version]:
    """The versions, those that were rejected with pytest's full explanation, for which they are tried once more.

    No trial that a verdict hangs on is explained: whether one is would tell the tests a correct version from a bug.
    """
    blamed = [
        place
        for place, version in enumerate(versions)
        if version.result == "rejected" and not version.sentence
    ]
    if 0 in blamed:
        blamed = [0]  # the program as it is says it all
    records = trials.run("Asking pytest why", [replace(plans[place], explain=True) for place in blamed])
    said = list(versions)
    for place, record in zip(blamed, records, strict=True):
        ran = runs_of(record)
        texts = [run.explanation for id in ids for run in ran.get(id, []) if run.explanation]
        if texts:
            said[place] = replace(said[place], explanation="\n\n".join(texts))
    return said


def skipped(record: Record) -> list[Finding]:
    """Tests that ran without being able to fail."""
    words = {
        "skipped": "is skipped, so it judges nothing. Remove the skip.",
        "xfailed": "is an expected failure, by a mark or by a `yield` in it, so it judges nothing. Remove that.",
        "xpassed": "is marked as an expected failure and passes. Remove the mark.",
    }
    return [Finding("skipped", words[run.reason], run.id) for run in record.tests if run.reason in words]


def _first_problem(
    first: Record, versions: Sequence[Version], findings: Sequence[Finding]
) -> tuple[str, str]:
    """The verdict and headline where validity does not hold, else two empty strings."""
    if findings:
        words = " and ".join(sorted({finding.kind.replace("_", "-") for finding in findings}))
        named = ", ".join(f"`{short(finding.test)}`" for finding in findings[:3])
        return "invalid", f"{named}: {words}. A test that changes its mind judges nothing."
    errored = [run for run in first.tests if run.outcome == "errored"]
    if errored:
        run = errored[0]
        where = f", {place_of(run)}" if run.lines else ""
        return "invalid", (
            f"`{short(run.id)}` stopped with {run.error}{where} on the program as it is, before it could "
            "judge anything."
        )
    rejected = [version for version in versions if version.result == "rejected"]
    if rejected:
        accepted = len(versions) - len(rejected)
        lead = f"Accepts {accepted} of {len(versions)} correct versions. " if accepted else ""
        which = (
            "the program as it is"
            if rejected[0].kind == "subject"
            else f"a correct version ({_words(rejected[0].name)})"
        )
        return "overstrict", (
            f"{lead}`{rejected[0].tests[0] if rejected[0].tests else 'loading'}` rejects {which}. "
            "Bugs are tried when every correct version is accepted."
        )
    return "", ""


def _words(name: str) -> str:
    return name.replace("_", " ")
