"""The words that the reports share, and the cleaning of text that a learner may have written."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from checker.report.stable import stable
from checker.verdict import Verdict, Version

LINES_OF_EXPLANATION = 60
LENGTH_OF_LINE = 400
_TESTS = 4

STATES = {
    "passed": "Done",
    "overstrict": "Not done yet",
    "misses": "Not done yet",
    "invalid": "Not done yet",
    "empty": "Not done yet",
    "timed_out": "Not done yet",
    "not_run": "Not run",
    "grader_error": "The checker failed",
}
_RESULTS = {"accepted": "PASS", "rejected": "FAIL", "not_tried": "NOT TRIED"}


@dataclass(frozen=True)
class Sort:
    """The words for one kind of answer. `bugs` is the heading of what an answer must deal with.

    `caught` and `missed` are results, `subject` is what the name of a bug completes; `by` tells for a result
    what the tests beside it did, where that is worth a word. `right`: the heading of the correct versions, what
    the first of them is called, and what the name of another completes.
    """

    bugs: str = "Bugs"
    caught: str = "CAUGHT"
    missed: str = "MISSED"
    subject: str = ""
    by: Mapping[str, str] = field(default_factory=lambda: {"caught": "caught by", "rejected": "rejected by"})
    right: tuple[str, str, str] = ("Correct programs", "the program as it is", "a correct program that ")


SORTS = {
    "tests": Sort(subject="a program that "),
    "config": Sort(
        "Unsound suites",
        "LOUD",
        "SILENT",
        "a suite that ",
        {"caught": "shown by", "rejected": "see"},
        ("Sound suites", "the suite as it is", "a suite that "),
    ),
    "fixture": Sort(
        "Bugs", "AVOIDED", "PRESENT", "a fixture that ", {"missed": "shown by", "rejected": "shown by"}
    ),
    "predict": Sort("Beliefs", "AVOIDED", "UNTRUE", "", {"missed": "see"}),
    "command": Sort("What was asked", "DONE", "NOT YET", "", {}),
}
GOOD_RESULTS = ("accepted", "caught")
WAITING = "not tried until your answer accepts every correct program"
REPORT_IT = (
    "This is not your fault and costs you nothing. Run the cell again. "
    "If it comes back, restart the kernel; then report it with this text."
)
_FENCE = re.compile(r"^```[a-z]*[ \t]*$\n?", re.MULTILINE)
# Commands that a build log obeys: one anywhere in a line, one where it begins.
_BUILD_COMMAND = re.compile(r"#(?=#\[)|^\s*:(?=:)")


def clean(text: str, limit: int = LENGTH_OF_LINE) -> str:
    """One line that a terminal, a page and a build log show as it is: no control character acts or hides."""
    return _safe(" ".join(text.split("\n")), limit)


def clean_block(text: str, limit: int = LINES_OF_EXPLANATION) -> list[str]:
    """The lines of `text`, cleaned; a long text loses its middle, since both ends explain."""
    text = stable(text.expandtabs().strip("\n"))
    lines = [_safe(line.rstrip(), LENGTH_OF_LINE) for line in text.split("\n")]
    if len(lines) > limit:
        head = limit // 3
        tail = limit - head - 1
        lines = [*lines[:head], f"… {len(lines) - head - tail} lines left out …", *lines[-tail:]]
    return lines


def passages(text: str) -> list[tuple[bool, list[str]]]:
    """A hint's parts, cleaned: (whether it is code, its lines). Code stands between three backticks."""
    parts: list[tuple[bool, list[str]]] = []
    for number, part in enumerate(_FENCE.split(text.strip())):
        is_code = number % 2 == 1
        lines = (
            clean_block(part) if is_code else [clean(one, 2000) for one in part.split("\n") if one.strip()]
        )
        if lines:
            parts.append((is_code, lines))
    return parts


def _safe(line: str, limit: int) -> str:
    shown = "".join(
        c if c.isprintable() else c.encode("unicode_escape", "replace").decode() for c in line[:limit]
    )
    shown = _BUILD_COMMAND.sub(r"\g<0> ", shown)
    return shown + "…" if len(line) > limit else shown


def counted(number: int, noun: str) -> str:
    """`1 bug`, `2 bugs`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def result_word(version: Version, kind: str) -> str:
    """PASS, FAIL, CAUGHT, MISSED, NOT TRIED, or what fits the kind of answer."""
    own = {"caught": SORTS[kind].caught, "missed": SORTS[kind].missed}
    return {**_RESULTS, **own}.get(version.result, clean(version.result).upper())


def bug_words(name: str) -> str:
    """`counts_everybodys_answers` as words."""
    return clean(name.replace("_", " "), 120)


def version_words(version: Version, kind: str) -> str:
    """What the learner calls this version."""
    if version.kind == "subject":
        return SORTS[kind].right[1]
    if version.kind == "variant":
        return SORTS[kind].right[2] + bug_words(version.name)
    return SORTS[kind].subject + bug_words(version.name)


def tests_words(version: Version, kind: str) -> tuple[str, tuple[str, ...]]:
    """What the tests did, and their names; empty where that says nothing."""
    by = SORTS[kind].by.get(version.result, "")
    if not by or not version.tests:
        return "", ()
    names = tuple(clean(name, 80) for name in version.tests[:_TESTS])
    more = len(version.tests) - _TESTS
    return by, (*names, f"{more} more") if more > 0 else names


def listed(names: tuple[str, ...]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))


def sections(verdict: Verdict) -> list[tuple[str, tuple[Version, ...]]]:
    """The correct programs, then the bugs; each with its heading.

    Of the wrong beliefs behind a prediction only those that the learner holds are named, until all are gone.
    """
    bugs = verdict.of("mutant")
    if verdict.kind == "predict" and not verdict.passed:
        bugs = tuple(version for version in bugs if version.result == "missed")
    sort = SORTS[verdict.kind]
    both = ((sort.right[0], tuple(_said_once(verdict))), (sort.bugs, bugs))
    return [(heading, versions) for heading, versions in both if versions]


def _said_once(verdict: Verdict) -> Iterator[Version]:
    """The correct versions. Where the unchanged program is rejected, that alone is explained."""
    blamed = any(version.result == "rejected" for version in verdict.of("subject"))
    seen = set()
    for version in (*verdict.of("subject"), *verdict.of("variant")):
        if blamed and version.kind == "variant":
            version = replace(version, hint="", explanation="")
        elif version.explanation in seen:
            version = replace(version, explanation="")
        seen.add(version.explanation)
        yield version


def about(kind: str) -> str:
    """The heading of the findings."""
    return "About your tests" if kind == "tests" else "About your answer"


def all_wait(versions: tuple[Version, ...]) -> bool:
    """Whether none of these was tried: then one line says so for all."""
    return bool(versions) and all(version.result == "not_tried" for version in versions)


def matrix_words(verdict: Verdict) -> str:
    """How to see every test against every bug, where that is worth a look and was not asked for."""
    if verdict.kind != "tests" or not verdict.passed or any(verdict.matrix.values()):
        return ""
    id = clean(verdict.exercise)
    return (
        f"Every test against every bug: `%matrix {id}`, in a terminal `python3 -m checker run {id} --matrix`."
    )


def finding_place(test: str, line: int) -> str:
    """`line 4, test_x`; empty where a finding is about the whole answer."""
    return ", ".join(filter(None, (f"line {line}" if line else "", clean(test, 80))))


def checked_how(verdict: Verdict) -> str:
    """The last line: how isolated. Versions of libraries are left out: a stored output must fit them all."""
    return clean(verdict.isolation).rstrip(".")
