"""What grading says: one `Verdict` an exercise, one `Version` a program tried, `Finding`s about single tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

VERDICTS = ("passed", "overstrict", "misses", "invalid", "empty", "timed_out", "not_run", "grader_error")


@dataclass(frozen=True)
class Version:
    """One program that the answer was tried against.

    `kind`: `subject` (as it is), `variant` (correct too) or `mutant` (a bug).
    `result`: `accepted` or `rejected` for the first two, `caught` or `missed` for a bug, `not_tried`.
    `tests`: the tests that rejected or caught it. `sentence`: what happened, where that is not plain.
    `hint`: the contract's note or hint, where it helps. `explanation`: pytest's own, of a rejection.
    """

    kind: str
    name: str
    result: str
    tests: tuple[str, ...] = ()
    sentence: str = ""
    hint: str = ""
    explanation: str = ""


@dataclass(frozen=True)
class Finding:
    """Something about one test, in the learner's words. `line` counts in the answer's cell, 0 when there is none."""

    kind: str
    sentence: str
    test: str = ""
    line: int = 0


@dataclass(frozen=True)
class Verdict:
    """The result of grading one answer. `matrix`, where it was asked for, maps each test to the
    names of the bugs it caught.

    `headline` leads with what works. `explanation` is pytest's own text where no single version is to blame (a
    collection error). `flags` are for a human to look at. `libraries` maps a package to its version.
    """

    exercise: str
    title: str
    kind: str
    verdict: str
    headline: str
    versions: tuple[Version, ...] = ()
    findings: tuple[Finding, ...] = ()
    matrix: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    explanation: str = ""
    flags: tuple[str, ...] = ()
    isolation: str = ""
    engine: str = ""
    libraries: Mapping[str, str] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        """Whether the exercise is done."""
        return self.verdict == "passed"

    def of(self, kind: str) -> tuple[Version, ...]:
        """The versions of one kind."""
        return tuple(version for version in self.versions if version.kind == kind)
