"""Tests that change their mind: flaky or order-dependent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing

from checker.contract import Variant
from checker.engine import Record, TestRun, Trial
from checker.grade.trials import Trials, runs_of
from checker.verdict import Finding, Version

NOT_PASSED = ("failed", "errored", "timed_out")
AGAIN = 2
OTHER_PYTHONS = 3
_BY_HASH = "it depends on the order of a set, which is another one in each Python. Sort it, or compare sets."


def passed(by_test: Mapping[str, list[TestRun]], id: str, *, allow_skips: bool = False) -> bool:
    runs = by_test.get(id, [])
    fine = ("passed", "not_collected") if allow_skips else ("passed",)
    return bool(runs) and all(run.outcome in fine for run in runs)


def changed_mind(
    first: Record, second: Record, trials: Trials, plans: Sequence[Trial], ids: Sequence[str]
) -> list[Finding]:
    """Tests with other outcomes in the same program. `plans`: the trials of both records.

    Where more runs of both repeat what each showed, the order decides: order-dependent. Else it is flaky.
    """
    one, two = runs_of(first), runs_of(second)
    differing = [
        id for id in ids if len({outcomes(runs) for runs in (one.get(id, []), *_halves(two.get(id, [])))}) > 1
    ]
    if not differing:
        return []
    again = [*plans] * AGAIN
    records = [
        runs_of(record) for record in trials.run("Trying again, to tell flaky from order-dependent", again)
    ]
    findings = []
    for id in differing:
        line = line_of(two.get(id, []) + one.get(id, []))
        steady = all(
            [run.outcome for run in runs.get(id, [])] == [run.outcome for run in known.get(id, [])]
            for runs, known in zip(records, (one, two) * AGAIN, strict=True)
        )
        if steady:
            findings.append(
                Finding(
                    "order_dependent",
                    "its outcome depends on which tests ran before it. Give each test what it "
                    "needs, and clean up after it.",
                    id,
                    line,
                )
            )
        else:
            findings.append(
                Finding(
                    "flaky",
                    "it passes and fails on the same program. Remove what differs from run to run: "
                    "chance, time, the order of a set.",
                    id,
                    line,
                )
            )
    return findings


def by_order_of_sets(first: Record, trials: Trials, plan: Trial, ids: Sequence[str]) -> list[Finding]:
    """Tests with another outcome in another Python: the texts of a set are ordered by chance, anew in each one."""
    before = runs_of(first)
    with ExitStack() as stack:  # all begin at once: to start is what takes time
        engines = [stack.enter_context(closing(trials.engine.another())) for _ in range(OTHER_PYTHONS)]
        for engine in engines:
            [record] = trials.by(engine).run("Trying another order of sets", [plan])
            after = runs_of(record)
            differing = [id for id in ids if outcomes(before.get(id, [])) != outcomes(after.get(id, []))]
            if differing:
                lines = {id: line_of(after.get(id, []) + before.get(id, [])) for id in differing}
                return [Finding("flaky", _BY_HASH, id, line) for id, line in lines.items()]
    return []


def _halves(runs: list[TestRun]) -> list[list[TestRun]]:
    """The runs of a test in a session that ran everything twice."""
    middle = len(runs) // 2
    return [runs[:middle], runs[middle:]]


def outcomes(runs: Sequence[TestRun]) -> frozenset[tuple[str, str]]:
    """Which parameters of a test had which outcome. How a test fails may differ: it failed each time."""
    return frozenset((run.id, "failed" if run.outcome in NOT_PASSED else run.outcome) for run in runs)


def line_of(runs: Sequence[TestRun]) -> int:
    return next((run.lines[-1][1] for run in runs if run.lines), 0)


def flaky_on_variant(
    variants: Sequence[Variant],
    records: Sequence[Record],
    versions: Sequence[Version],
    trials: Trials,
    plans,
    ids: Sequence[str],
) -> list[Finding]:
    """A rejected variant is tried once more: what then passes was flaky, not overstrict."""
    rejected = [place for place, version in enumerate(versions[1:]) if version.result == "rejected"]
    if not rejected or any(versions[0].tests):
        return []
    again = trials.run("Trying a rejected version again", [plans[place] for place in rejected])
    findings = []
    for place, record in zip(rejected, again, strict=True):
        before, after = runs_of(records[place]), runs_of(record)
        findings += [
            Finding(
                "flaky",
                f"it passed and failed on the same correct version ({variants[place].name}).",
                id,
                line_of(before.get(id, [])),
            )
            for id in ids
            if outcomes(before.get(id, [])) != outcomes(after.get(id, []))
        ]
    return findings
