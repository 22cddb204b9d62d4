"""A verdict as an HTML fragment for a notebook's output.

Words carry the meaning. An untrusted notebook loses `var(…)` and `aria-*`, another editor the variables'
values: each takes only colour. No headings, they would enter the table of contents; no scripts, no ids.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape

from checker.report import words
from checker.verdict import Verdict, Version

_GREEN = "var(--jp-success-color1, var(--vscode-testing-iconPassed, #1a7f37))"
_RED = "var(--jp-error-color1, var(--vscode-testing-iconFailed, #c0392b))"
_GREY = "var(--jp-border-color1, var(--vscode-panel-border, #888888))"
_COLOURS = {"accepted": _GREEN, "caught": _GREEN, "rejected": _RED, "missed": _RED}
_MARKS = {_GREEN: "&#10003;", _RED: "&#10007;"}
_QUOTED = re.compile("`([^`]+)`")
_CELL = "text-align: left; vertical-align: top; padding: 3px 12px 3px 0; white-space: normal; max-width: 52em"


def html(verdict: Verdict) -> str:
    """The report as one fragment, everything from outside escaped."""
    colour = _GREEN if verdict.passed else _GREY if verdict.verdict in ("empty", "not_run", "grader_error") else _RED
    return framed("".join(_parts(verdict)), colour)


def progress(exercise: str, title: str, sentence: str, done: int, total: int) -> str:
    """What is shown while trials run: a bar and the same in words."""
    bar = f'<progress value="{done}" max="{max(total, 1)}" style="width: 16em"></progress>'
    return framed(
        f"{_title(exercise, title)}<div>{bar} {escape(words.clean(sentence))} ({done} of {total})</div>",
        _GREY,
    )


def framed(content: str, colour: str = _GREY) -> str:
    """A block with a coloured edge, in which no dollar sign starts a formula."""
    return (
        f'<div class="assert-await mathjax_ignore tex2jax_ignore" style="border-left: 4px solid; '
        f'border-left-color: {colour}; padding: 2px 0 2px 12px">{content}</div>'
    )


def prose(text: str) -> str:
    """One line of text as HTML, with what stands in backticks as code."""
    return _QUOTED.sub(r"<code>\1</code>", escape(words.clean(text, 2000)))


def prose_block(text: str) -> str:
    """A hint: paragraphs, and code between lines of three backticks."""
    return "".join(
        pre(lines) if is_code else "".join(f"<div>{prose(line)}</div>" for line in lines)
        for is_code, lines in words.passages(text)
    )


def details(summary: str, content: str, *, opened: bool = False) -> str:
    """A part to unfold; `content` is HTML."""
    return (
        f'<details{" open" if opened else ""}><summary style="cursor: pointer">{escape(summary)}</summary>'
        f"{content}</details>"
    )


def pre(lines: list[str]) -> str:
    """Lines as they are, scrolled sideways rather than wrapped."""
    body = escape("\n".join(lines))
    return (
        f'<pre style="overflow-x: auto; margin: 4px 0; padding: 4px 8px; border-left: 1px solid">{body}</pre>'
    )


def table(head: tuple[str, ...], rows: list[tuple[str, ...]], caption: str) -> str:
    """A table whose cells are HTML already; the first cell of a row is its header."""
    columns = "".join(f'<th scope="col" style="{_CELL}">{cell}</th>' for cell in head)
    body = "".join(
        f'<tr><th scope="row" style="{_CELL}; font-weight: normal">{row[0]}</th>'
        + "".join(f'<td style="{_CELL}">{cell}</td>' for cell in row[1:])
        + "</tr>"
        for row in rows
    )
    return (
        f'<table style="margin: 4px 0; border-collapse: collapse">'
        f'<caption style="text-align: left; font-weight: bold; padding: 4px 0; caption-side: top">'
        f"{caption}</caption>"
        f"<thead><tr>{columns}</tr></thead><tbody>{body}</tbody></table>"
    )


def _parts(verdict: Verdict) -> Iterator[str]:
    yield _title(verdict.exercise, verdict.title)
    yield (
        f"<div><strong>{words.STATES[verdict.verdict]}.</strong> <strong>{prose(verdict.headline)}</strong></div>"
    )
    if verdict.verdict == "grader_error":
        yield f"<div>{escape(words.REPORT_IT)}</div>"
    if verdict.explanation:
        yield details("What pytest says", pre(words.clean_block(verdict.explanation)), opened=True)
    for heading, versions in words.sections(verdict):
        yield _section(heading, versions, verdict.kind)
    if verdict.findings:
        items = (
            ": ".join(
                filter(
                    None, (_code(words.finding_place(finding.test, finding.line)), prose(finding.sentence))
                )
            )
            for finding in verdict.findings
        )
        yield f"<div><strong>{words.about(verdict.kind)}</strong></div>{_list(items)}"
    if any(verdict.matrix.values()):
        yield details("Which test caught which bug", _matrix(verdict))
    if how := words.matrix_words(verdict):
        yield f"<div>{prose(how)}</div>"
    if verdict.flags:
        yield "<div><strong>For a person to look at</strong></div>"
        yield _list(escape(words.clean(flag)) for flag in verdict.flags)
    if how := words.checked_how(verdict):
        yield f'<div style="font-size: 85%; margin-top: 4px">Checked: {escape(how)}.</div>'


def _title(exercise: str, title: str) -> str:
    return f"<div>Exercise {escape(words.clean(exercise))}: {escape(words.clean(title))}</div>"


def _section(heading: str, versions: tuple[Version, ...], kind: str) -> str:
    if words.all_wait(versions):
        return f"<div><strong>{heading}</strong>: {len(versions)} {words.WAITING}.</div>"
    rows = [(_result(version, kind), _program(version, kind)) for version in versions]
    return table(("Result", "Program" if kind == "tests" else "What was tried"), rows, heading)


def _result(version: Version, kind: str) -> str:
    colour = _COLOURS.get(version.result, "")
    mark = f'<span style="color: {colour}">{_MARKS[colour]}</span> ' if colour else ""
    return (
        f'<span style="white-space: nowrap">{mark}<strong>{words.result_word(version, kind)}</strong></span>'
    )


def _program(version: Version, kind: str) -> str:
    parts = [escape(words.version_words(version, kind))]
    by, tests = words.tests_words(version, kind)
    if tests:
        parts.append(f", {by} {words.listed(tuple(map(_code, tests)))}")
    if version.sentence:
        parts.append(f"<div>{prose(version.sentence)}</div>")
    if version.hint and version.result == "missed":
        parts.append(details("Hint", prose_block(version.hint)))
    elif version.hint and version.result not in words.GOOD_RESULTS:
        parts.append(prose_block(version.hint))
    if version.explanation:
        parts.append(details("What pytest says", pre(words.clean_block(version.explanation)), opened=True))
    return "".join(parts)


def _matrix(verdict: Verdict) -> str:
    bugs = [version.name for version in verdict.of("mutant")]
    rows = [
        (_code(words.clean(test, 80)), *("caught" if bug in caught else "no" for bug in bugs))
        for test, caught in verdict.matrix.items()
    ]
    return table(
        ("Test", *(escape(words.bug_words(bug)) for bug in bugs)), rows, "Tests and the bugs they caught"
    )


def _list(items: Iterator[str]) -> str:
    return f'<ul style="margin: 0">{"".join(f"<li>{item}</li>" for item in items)}</ul>'


def _code(text: str) -> str:
    return f"<code>{escape(text)}</code>" if text else ""
