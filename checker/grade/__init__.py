"""Grading: an exercise and an answer become trials, the records of the trials become a verdict.

Validity comes before thoroughness: an answer is first tried on every correct version, and only if it accepts them all
are the bugs tried. See `grade.tests`, `grade.fixture`, `grade.config`, `grade.predict`, `grade.command` for the five
kinds of answer; they share `grade.trials`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from importlib import import_module, metadata

from checker.contract import Exercise
from checker.engine import POSTGRESQL, Engine, EngineError
from checker.engine.databases import absent, remedy
from checker.grade.flags import flags
from checker.grade.source import Unusable, readable
from checker.grade.trials import Progress, Trials, short
from checker.verdict import Finding, Verdict

__all__ = ["Progress", "at_fault", "grade", "libraries", "ungraded"]
MOST_FINDINGS = 40
_LIBRARIES = ("pytest", "pytest-asyncio", "sqlalchemy", "fastapi", "httpx2")


def grade(
    exercise: Exercise,
    answers: Mapping[str, str],
    engine: Engine,
    *,
    first_line: Mapping[str, int] | None = None,
    progress: Callable[[str, int, int], None] | None = None,
    matrix: bool = False,
) -> Verdict:
    """The verdict on an answer.

    `answers` maps the answer's file names to what the learner wrote; `first_line` says at which line of its cell each
    begins, so that lines in the report are lines of the cell. `matrix`: try every test on every bug. A learner's
    mistake never raises; a fault of the engine gives `grader_error`. What the exercise needs and this machine has not
    gives `not_run`. KeyboardInterrupt passes through, with every trial ended.
    """
    if missing := lacks(exercise) or _out_of_reach(exercise, engine):
        return Verdict(exercise.id, exercise.title, exercise.kind, "not_run", missing, libraries=libraries())
    try:
        files = readable(exercise, answers, first_line or {})
        kind = import_module(f"checker.grade.{exercise.kind}")
        verdict = kind.judge(exercise, files, Trials(engine, exercise, progress, matrix=matrix or exercise.matrix))
    except Unusable as unusable:
        verdict = unusable.verdict(exercise)
    except EngineError as error:
        verdict = at_fault(exercise, str(error))
    except OSError as error:
        verdict = at_fault(exercise, f"{error.strerror or error}. Make room or close other programs, and try again.")
    findings = tuple(
        dict.fromkeys(replace(finding, test=short(finding.test)) for finding in verdict.findings)
    )
    if len(findings) > MOST_FINDINGS:
        more = Finding("more", f"{len(findings) - MOST_FINDINGS} more like these are left out.")
        findings = (*findings[:MOST_FINDINGS], more)
    return replace(
        verdict,
        findings=findings,
        flags=flags(exercise, answers, verdict),
        isolation=engine.isolation.sentence,
        engine=engine.name,
        libraries=libraries(),
    )


def at_fault(exercise: Exercise, sentence: str) -> Verdict:
    """The verdict where the grader is at fault: never a score."""
    return replace(ungraded(exercise.id, sentence), title=exercise.title, kind=exercise.kind)


def ungraded(id: str, sentence: str) -> Verdict:
    """The same where not even the exercise is known."""
    headline = f"The grader failed, not your answer. {sentence[:1].upper()}{sentence[1:]}"
    return Verdict(id, "cannot be read", "tests", "grader_error", headline)


def lacks(exercise: Exercise) -> str:
    """Why the exercise cannot be tried on this machine, and how to get what it needs; empty where it can."""
    reason = absent() if exercise.needs == POSTGRESQL else ""
    return f"This needs PostgreSQL: {reason}. To get it: {remedy()}" if reason else ""


def _out_of_reach(exercise: Exercise, engine: Engine) -> str:
    """Why a trial could not reach what the exercise needs; empty where it can."""
    if not exercise.needs or not engine.isolation.contained:
        return ""
    return (
        "This needs PostgreSQL, which a class run does not reach: a sandbox has no network. To grade it: in a "
        "container that nothing of yours is in, with --unsafe"
    )


@cache
def libraries() -> dict[str, str]:
    """The versions that a verdict holds for."""
    import platform

    found = {"python": platform.python_version()}
    for name in _LIBRARIES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found
