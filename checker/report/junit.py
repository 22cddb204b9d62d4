"""Submissions as JUnit XML: a suite an exercise, a case a version; a suite a notebook, a case a cell."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from xml.etree import ElementTree

from checker.submission import CellRun, KernelRun, Submission
from checker.verdict import Verdict, Version

# XML 1.0 has no way to write these, not even escaped.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_OUTCOMES = ("failure", "error", "skipped")


@dataclass(frozen=True)
class _Case:
    name: str
    outcome: str = "passed"
    message: str = ""
    text: str = ""


def document(submissions: Iterable[Submission]) -> str:
    """An XML document without times, with a line end."""
    root = ElementTree.Element("testsuites", name="assert await")
    for submission in submissions:
        if submission.problem:
            case = _Case("notebook", "failure", submission.problem)
            _add_suite(root, submission.source, submission.source, [case])
        for verdict in submission.verdicts:
            name = f"exercise {verdict.exercise}: {verdict.title}"
            _add_suite(root, submission.source, name, list(_cases(verdict)), verdict.isolation)
        if submission.kernel:
            cases = list(_cells(submission.kernel))
            _add_suite(root, submission.source, "notebook from top to bottom", cases)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _add_suite(
    root: ElementTree.Element, source: str, name: str, cases: list[_Case], isolation: str = ""
) -> None:
    counts = {
        key: str(sum(case.outcome == outcome for case in cases))
        for key, outcome in zip(("failures", "errors", "skipped"), _OUTCOMES, strict=True)
    }
    suite = ElementTree.SubElement(root, "testsuite", name=_clean(name), tests=str(len(cases)), **counts)
    if isolation:
        properties = ElementTree.SubElement(suite, "properties")
        ElementTree.SubElement(properties, "property", name="isolation", value=_clean(isolation))
    for case in cases:
        element = ElementTree.SubElement(
            suite, "testcase", classname=_clean(f"{source} {name.split(':')[0]}"), name=_clean(case.name)
        )
        if case.outcome != "passed":
            outcome = ElementTree.SubElement(element, case.outcome, message=_clean(case.message))
            outcome.text = _clean(case.text) or None


def _cases(verdict: Verdict) -> Iterator[_Case]:
    """The answer as a whole first: it can fail where no version does, as one without tests."""
    outcome = {"passed": "passed", "not_run": "skipped", "grader_error": "error"}.get(verdict.verdict, "failure")
    findings = "\n".join(finding.sentence for finding in verdict.findings)
    text = "\n\n".join(filter(None, (verdict.explanation, findings)))
    yield _Case("answer", outcome, "" if verdict.passed else f"{verdict.verdict}: {verdict.headline}", text)
    for version in verdict.versions:
        yield _version(version)


def _version(version: Version) -> _Case:
    name = f"{version.kind} {version.name}".strip()
    if version.result in ("accepted", "caught"):
        return _Case(name)
    outcome = "skipped" if version.result == "not_tried" else "failure"
    parts = (version.result.replace("_", " "), ", ".join(version.tests), version.sentence)
    text = "\n\n".join(filter(None, (version.hint, version.explanation)))
    return _Case(name, outcome, ": ".join(filter(None, parts)), text)


def _cells(run: KernelRun) -> Iterator[_Case]:
    if run.fault or not run.cells:
        yield _Case("kernel", "error" if run.fault else "skipped", run.sentence)
    for cell in run.cells:
        yield _cell(cell)


def _cell(cell: CellRun) -> _Case:
    name = f"cell {cell.number}" if cell.number else "deleted cell"
    if cell.exercise:
        name += f" (exercise {cell.exercise})"
    if cell.result == "passed":
        return _Case(name)
    outcome = "skipped" if cell.result in ("not_run", "deleted") else "failure"
    return _Case(name, outcome, cell.sentence, cell.explanation)


def _clean(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)
