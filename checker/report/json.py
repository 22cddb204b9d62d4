"""Submissions as JSON, by the schema `schema/verdict-1.schema.json`."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from importlib import resources

from checker.submission import KernelRun, Submission, exit_code
from checker.verdict import Verdict

SCHEMA = "assert-await/verdict/1"


def document(submissions: Iterable[Submission]) -> str:
    """One object for the whole run, ASCII, deterministic, with a line end."""
    listed = list(submissions)
    content = {
        "schema": SCHEMA,
        "exit_code": exit_code(listed),
        "submissions": [_submission(submission) for submission in listed],
    }
    return json.dumps(content, indent=1) + "\n"


def schema() -> dict:
    """The JSON Schema (draft 2020-12) that every document conforms to."""
    file = resources.files("checker.report") / "schema/verdict-1.schema.json"
    return json.loads(file.read_text("utf-8"))


def _submission(submission: Submission) -> dict:
    return {
        "source": submission.source,
        "exit_code": submission.exit_code,
        "problem": submission.problem,
        "notes": submission.notes,
        "exercises": [_verdict(one, submission.cells.get(one.exercise)) for one in submission.verdicts],
        "notebook": _kernel(submission.kernel) if submission.kernel else None,
    }


def _verdict(verdict: Verdict, cell: int | None) -> dict:
    return {
        "id": verdict.exercise,
        "title": verdict.title,
        "kind": verdict.kind,
        "cell": cell,
        "verdict": verdict.verdict,
        "passed": verdict.passed,
        "headline": verdict.headline,
        "versions": [asdict(version) for version in verdict.versions],
        "findings": [asdict(finding) for finding in verdict.findings],
        "matrix": dict(verdict.matrix),
        "explanation": verdict.explanation,
        "flags": verdict.flags,
        "isolation": verdict.isolation,
        "engine": verdict.engine,
        "libraries": dict(sorted(verdict.libraries.items())),
    }


def _kernel(run: KernelRun) -> dict:
    return {
        "mode": run.mode,
        "passed": run.passed,
        "fault": run.fault,
        "sentence": run.sentence,
        "cells": [asdict(cell) for cell in run.cells],
    }
