"""A verdict as plain text: for a terminal, and for whatever shows a notebook without HTML."""

from __future__ import annotations

from collections.abc import Iterator

from checker.report import words
from checker.verdict import Verdict, Version

_INDENT = " " * 13


def text(verdict: Verdict) -> str:
    """The report. Each line that holds a learner's words begins with our own."""
    return "\n".join(_lines(verdict))


def _lines(verdict: Verdict) -> Iterator[str]:
    yield f"Exercise {words.clean(verdict.exercise)}: {words.clean(verdict.title)}"
    yield f"{words.STATES[verdict.verdict]}. {words.clean(verdict.headline, 1000)}"
    if verdict.verdict == "grader_error":
        yield words.REPORT_IT
    if verdict.explanation:
        yield ""
        yield from _block(verdict.explanation, "  ")
    for heading, versions in words.sections(verdict):
        yield f"\n{heading}"
        if words.all_wait(versions):
            yield f"  {len(versions)} {words.WAITING}"
            continue
        for version in versions:
            yield from _version(version, verdict.kind)
    if verdict.findings:
        yield f"\n{words.about(verdict.kind)}"
        for finding in verdict.findings:
            place = words.finding_place(finding.test, finding.line)
            yield "  - " + ": ".join(filter(None, (place, words.clean(finding.sentence))))
    if any(verdict.matrix.values()):
        yield "\nWhich test caught which bug"
        for test, bugs in verdict.matrix.items():
            yield f"  - {words.clean(test, 80)}: {', '.join(map(words.bug_words, bugs)) or 'none'}"
    if how := words.matrix_words(verdict):
        yield f"\n{how}"
    if verdict.flags:
        yield "\nFor a person to look at"
        yield from (f"  - {words.clean(flag)}" for flag in verdict.flags)
    if how := words.checked_how(verdict):
        yield f"\nChecked: {how}."


def _version(version: Version, kind: str) -> Iterator[str]:
    line = f"  {words.result_word(version, kind):<10} {words.version_words(version, kind)}"
    by, tests = words.tests_words(version, kind)
    yield f"{line} ({by} {words.listed(tests)})" if tests else line
    if version.sentence:
        yield f"{_INDENT}{words.clean(version.sentence)}"
    if version.hint and version.result not in words.GOOD_RESULTS:
        label = "Hint: " if version.kind == "mutant" else ""
        for line in hint_lines(version.hint):
            yield f"{_INDENT}{label}{line}"
            label = ""
    if version.explanation:
        yield from _block(version.explanation, _INDENT)


def hint_lines(hint: str) -> Iterator[str]:
    """A hint as lines of plain text; code stands behind a bar."""
    for is_code, lines in words.passages(hint):
        yield from (f"| {line}".rstrip() if is_code else line for line in lines)


def _block(explanation: str, indent: str) -> Iterator[str]:
    yield from (f"{indent}| {line}".rstrip() for line in words.clean_block(explanation))
