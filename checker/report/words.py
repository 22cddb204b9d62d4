"""The words that the reports share, and the cleaning of text that a learner may have written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from checker.verdict import Verdict, Version

LINES_OF_EXPLANATION = 60
LENGTH_OF_LINE = 400

STATES = {
    "passed": "Done",
    "overstrict": "Not done yet",
    "misses": "Not done yet",
    "invalid": "Not done yet",
    "empty": "Not done yet",
    "timed_out": "Not done yet",
    "grader_error": "The checker failed",
}
_RESULTS = {
    "accepted": "PASS",
    "rejected": "FAIL",
    "caught": "CAUGHT",
    "missed": "MISSED",
    "not_tried": "NOT TRIED",
}
BY = {"caught": "caught by", "rejected": "rejected by"}
GOOD_RESULTS = ("accepted", "caught")
WAITING = "not tried until your answer accepts every correct program"
REPORT_IT = (
    "This is not your fault and costs you nothing. Run the cell again. "
    "If it comes back, restart the kernel; then report it with this text."
)
_FENCE = re.compile(r"^```[a-z]*[ \t]*$\n?", re.MULTILINE)
# Where Python and its packages are installed says nothing to a reader.
_INSTALLED = re.compile(r"(?:/[^\s/:'\"]+)*/(?:site-packages|lib/python3\.\d+)/")
# Commands that a build log obeys: one anywhere in a line, one where it begins.
_BUILD_COMMAND = re.compile(r"#(?=#\[)|^\s*:(?=:)")


def clean(text: str, limit: int = LENGTH_OF_LINE) -> str:
    """One line that a terminal, a page and a build log show as it is: no control character acts or hides."""
    return _safe(" ".join(text.split("\n")), limit)


def clean_block(text: str, limit: int = LINES_OF_EXPLANATION) -> list[str]:
    """The lines of `text`, cleaned; a long text loses its middle, since both ends explain."""
    text = _INSTALLED.sub("", text.expandtabs().strip("\n"))
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


def listed(names: tuple[str, ...], limit: int = 4) -> str:
    """`a`, `a and b`, `a, b and c`; past `limit`, how many more."""
    shown = [clean(name, 80) for name in names[:limit]]
    if len(names) > limit:
        shown.append(f"{len(names) - limit} more")
    return " and ".join(filter(None, (", ".join(shown[:-1]), *shown[-1:])))


def result_word(version: Version) -> str:
    """PASS, FAIL, CAUGHT, MISSED or NOT TRIED."""
    return _RESULTS.get(version.result, clean(version.result).upper())


def bug_words(name: str) -> str:
    """`counts_everybodys_answers` as words."""
    return clean(name.replace("_", " "), 120)


def version_words(version: Version, kind: str) -> str:
    """What the learner calls this program."""
    if version.kind == "subject":
        return {"tests": "the program as it is"}.get(kind, "the exercise as it is")
    if version.kind == "variant":
        return f"a correct program that {bug_words(version.name)}"
    return f"a program that {bug_words(version.name)}" if kind == "tests" else bug_words(version.name)


def tests_words(version: Version) -> str:
    """Which tests decided, empty where none did."""
    if not version.tests:
        return ""
    return f"{BY.get(version.result, '')} {listed(version.tests)}"


def sections(verdict: Verdict) -> list[tuple[str, tuple[Version, ...]]]:
    """The correct programs, then the bugs; each with its heading."""
    right = tuple(_said_once(verdict))
    return [
        (heading, versions)
        for heading, versions in (("Correct programs", right), ("Bugs", verdict.of("mutant")))
        if versions
    ]


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


def all_wait(versions: tuple[Version, ...]) -> bool:
    """Whether none of these was tried: then one line says so for all."""
    return bool(versions) and all(version.result == "not_tried" for version in versions)


def finding_place(test: str, line: int) -> str:
    """`line 4, test_x`; empty where a finding is about the whole answer."""
    return ", ".join(filter(None, (f"line {line}" if line else "", clean(test, 80))))


def checked_how(verdict: Verdict) -> str:
    """The last line: how isolated. Versions of libraries are left out: a stored output must fit them all."""
    return clean(verdict.isolation).rstrip(".")
