"""The certificate: a page that says what a learner's suite caught, when, and on which versions.

All of it comes from the record of passes; nothing is typed but the name.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from pathlib import Path

from checker.contract import Exercise, load_all
from checker.notebook.reader import shown
from checker.notebook.writer import write
from checker.pictures.matrix import kill_matrix
from checker.progress import Pass, Progress, Standing
from checker.report.words import bug_words, clean, counted

CAPSTONE = "15.3"
FILE = "certificate.html"
_GENERATOR = '<meta name="generator" content="assert await certificate">'
_STYLE = Path(__file__).parent / "report" / "certificate.css"


class NotPassed(Exception):
    """There is nothing to certify yet. The message says what to do."""


class NotOurs(Exception):
    """The file is there already and is no certificate. The message says what to do."""


def write_certificate(root: Path, file: Path, name: str = "", progress: Progress | None = None) -> None:
    """Write the page of the learner whose record is in `root`; an older certificate is replaced.

    Raises `NotPassed`, `NotOurs`, and `NotebookError` where the folder cannot be written.
    """
    progress = progress or Progress(root)
    exercises = load_all(root)
    passes = progress.passes()
    if CAPSTONE not in passes:
        raise NotPassed(
            f"There is no certificate yet: no pass of exercise {CAPSTONE} is recorded in this copy. "
            f"Run its cells, or: python3 -m checker run {CAPSTONE}"
        )
    if file.is_symlink() or (file.exists() and not _is_ours(file)):
        raise NotOurs(f"{shown(file)}: is there already and is no certificate. Give another file name.")
    write(file, page(exercises, progress.summary(exercises.values()), passes, name))


def _is_ours(file: Path) -> bool:
    if not file.is_file():
        return False
    with open(file, "rb") as opened:
        return _GENERATOR.encode() in opened.read(1000)


def page(
    exercises: Mapping[str, Exercise],
    standings: Sequence[Standing],
    passes: Mapping[str, Pass],
    name: str = "",
) -> str:
    """The whole page, self-contained, everything from outside escaped. `passes` has one of the capstone."""
    capstone = passes[CAPSTONE]
    body = "\n".join(
        [
            *_head(capstone, name),
            *_caught(capstone),
            *_versions(capstone),
            *_formative(),
            *_matrix(capstone),
            *_exercises(exercises, standings),
        ]
    )
    style = _STYLE.read_text(encoding="utf-8")
    title = f"assert await: {clean(name, 80)}" if name else "assert await: certificate"
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n{_GENERATOR}\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>\n{style}</style>\n</head>\n<body>\n<main>\n{body}\n</main>\n"
        "</body>\n</html>\n"
    )


def _head(capstone: Pass, name: str) -> Iterator[str]:
    tests, bugs = counted(len(capstone.matrix), "test"), len(capstone.bugs)
    yield '<p class="of">A tutorial in testing async Python</p>'
    yield "<h1>assert await</h1>"
    if name:
        yield f'<p class="name">{escape(clean(name, 120))}</p>'
    yield (
        f"<p>{'wrote' if name else 'Written:'} a suite of {tests} for a feature that had none. It accepts "
        f"{counted(capstone.accepted, 'correct program')} and catches {bugs} of {counted(bugs, 'bug')}.</p>"
    )
    moment = capstone.at
    yield (
        f'<p class="when">Exercise {CAPSTONE}, the capstone. Graded on {moment.day} {moment:%B %Y} at '
        f"{moment:%H:%M:%S} UTC.</p>"
    )


def _caught(capstone: Pass) -> Iterator[str]:
    yield "<h2>What was caught</h2>"
    by = {bug: [test for test, caught in capstone.matrix.items() if bug in caught] for bug in capstone.bugs}
    rows = [(f"a program that {bug_words(bug)}", counted(len(tests), "test")) for bug, tests in by.items()]
    yield _table(("Bug", "Caught by"), rows)


def _matrix(capstone: Pass) -> Iterator[str]:
    picture = kill_matrix(capstone.matrix, capstone.bugs)
    source = base64.b64encode(picture.svg.encode()).decode()
    yield '<h2 class="overleaf">The kill matrix</h2>'
    yield f'<img alt="{escape(picture.alt)}" src="data:image/svg+xml;base64,{source}">'
    yield '<p class="small">A row is a test, a column a bug, a mark a catch. A test without one checks a promise that '
    yield "none of these bugs breaks.</p>"


def _versions(capstone: Pass) -> Iterator[str]:
    yield "<h2>On which versions</h2>"
    named = (f"{clean(name, 60)} {clean(version, 60)}" for name, version in capstone.libraries.items())
    yield f"<p>{escape(', '.join(named))}.</p>"


def _exercises(exercises: Mapping[str, Exercise], standings: Iterable[Standing]) -> Iterator[str]:
    state = {standing.exercise: standing.state == "passed" for standing in standings}
    yield f"<h2>Exercises passed: {sum(state.values())} of {len(state)}</h2>"
    rows = []
    for lesson in dict.fromkeys(exercise.lesson for exercise in exercises.values()):
        own = [id for id, exercise in exercises.items() if exercise.lesson == lesson]
        passed = ", ".join(id for id in own if state[id]) or "none"
        rows.append((lesson.replace("_", " "), passed, ", ".join(id for id in own if not state[id])))
    yield _table(("Lesson", "Passed", "Not passed"), rows)


def _formative() -> Iterator[str]:
    yield "<h2>What this page is worth</h2>"
    yield (
        "<p>It is formative. It says what a checker saw on its owner's own machine, where a check can be bypassed: "
        "it is made for learning and is no examination. Whoever wants to be sure grades the answer again, on a machine "
        f"of their own: <code>python3 -m checker run {CAPSTONE}</code>.</p>"
    )


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in heads)
    body = "".join(
        f'<tr><th scope="row">{escape(first)}</th>{"".join(f"<td>{escape(cell)}</td>" for cell in rest)}</tr>'
        for first, *rest in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
