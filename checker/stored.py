"""Stored answers, `tests/answers/SLUG.toml`: right and wrong ones, each with the verdict that it is promised.

An answer is written out as `text` or `files`, or it is another one, changed:

    based_on = "reference"              # or the name of a stored answer of the same exercise, above
    without = ["test_a", "clock"]       # functions and classes that are taken out
    [[answer.change]]                   # then `find`, which occurs exactly once in its files, becomes `replace`
    find = "hours=72"
    replace = "hours=71"
"""

from __future__ import annotations

import ast
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from checker.contract import ContractError, Edit, Exercise
from checker.exercises import reference_sources
from checker.verdict import VERDICTS

REFERENCE = "reference"
_KNOWN = {"exercise", "name", "verdict", "misses", "rejects", "finding", "smoke"}
_WRITTEN, _DERIVED = {"text", "files"}, {"based_on", "without", "change"}


@dataclass(frozen=True)
class Stored:
    """An answer and its promise: `verdict`; the bugs it `misses`, exactly; the versions it `rejects`; a `finding`."""

    exercise: str
    name: str
    verdict: str
    files: Mapping[str, str]
    misses: tuple[str, ...] | None = None
    rejects: tuple[str, ...] | None = None
    finding: str = ""
    smoke: bool = False


def load_answers(root: Path, exercise: Exercise) -> list[Stored]:
    """The stored answers of an exercise. Raises `ContractError` that names the file and the entry."""
    path = root / "tests" / "answers" / f"{exercise.lesson}.toml"
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8")).get("answer", [])
    except OSError as error:
        raise ContractError(
            f"{path}: cannot be read ({os.strerror(error.errno or 0)}); it holds the stored answers."
        ) from None
    except tomllib.TOMLDecodeError as error:
        raise ContractError(f"{path}: is not valid TOML: {error}") from None
    stored: list[Stored] = []
    for entry in entries:
        if entry.get("exercise") == exercise.id:
            where = f"{path}: answer {entry.get('name', '?')} of {exercise.id}"
            _check(entry, exercise, where)
            stored.append(_stored(entry, exercise, _files(entry, exercise, stored, root, where)))
    return stored


def _check(entry: dict, exercise: Exercise, where: str) -> None:
    strange = set(entry) - _KNOWN - _WRITTEN - _DERIVED
    sources = [key for key in ("text", "files", "based_on") if key in entry]
    stray = len(sources) == 1 and sources != ["based_on"] and set(entry) & _DERIVED
    if strange or stray or entry.get("verdict") not in VERDICTS or len(sources) != 1 or "name" not in entry:
        raise ContractError(
            f"{where}: needs `name`, `verdict` ({', '.join(VERDICTS)}) and `text`, `files` or `based_on`"
            + (f"; unknown: {', '.join(sorted(strange))}" if strange else "")
            + (f"; only with `based_on`: {', '.join(sorted(stray))}" if stray else "")
        )
    bugs = {mutant.name for mutant in exercise.mutants}
    if unknown := set(entry.get("misses", ())) - bugs:
        raise ContractError(
            f"{where}: `misses` names {', '.join(sorted(unknown))}, which the contract does not have"
        )


def _files(entry: dict, exercise: Exercise, above: list[Stored], root: Path, where: str) -> Mapping[str, str]:
    if "based_on" not in entry:
        return entry.get("files") or {exercise.answers[0]: entry["text"]}
    known = {one.name: one.files for one in above}
    base = entry["based_on"]
    if base == REFERENCE:
        files = {name: f"{text}\n" for name, text in reference_sources(exercise, root).items()}
    else:
        files = dict(known.get(base, {}))
    if not files:
        raise ContractError(
            f"{where}: `based_on` names {base}; above it are: {', '.join([REFERENCE, *known])}"
        )
    for name in entry.get("without", ()):
        files = _without(files, name, where)
    for change in entry.get("change", ()):
        files = _changed(files, change, where)
    return files


def _without(files: Mapping[str, str], name: str, where: str) -> dict[str, str]:
    """The files without the function or class `name`, its decorators included."""
    for path, text in files.items():
        for node in ast.parse(text).body if path.endswith(".py") else ():
            if getattr(node, "name", "") == name:
                first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
                lines = text.splitlines(keepends=True)
                return {**files, path: "".join(lines[: first - 1] + lines[node.end_lineno :])}
    raise ContractError(f"{where}: `without` names {name}, which none of its files defines")


def _changed(files: Mapping[str, str], change: dict, where: str) -> dict[str, str]:
    if set(change) != {"find", "replace"}:
        raise ContractError(f"{where}: a `change` needs `find` and `replace`, nothing else")
    places = [path for path, text in files.items() if change["find"] in text]
    if len(places) != 1:
        raise ContractError(
            f"{where}: `find` is in {len(places)} of its files, not in one:\n{change['find']}"
        )
    try:
        return Edit(places[0], change["find"], change["replace"]).apply(files)
    except ContractError as error:
        raise ContractError(f"{where}: {error}") from None


def _stored(entry: dict, exercise: Exercise, files: Mapping[str, str]) -> Stored:
    return Stored(
        exercise.id,
        entry["name"],
        entry["verdict"],
        files,
        _tuple(entry, "misses"),
        _tuple(entry, "rejects"),
        entry.get("finding", ""),
        bool(entry.get("smoke", False)),
    )


def _tuple(entry: dict, key: str) -> tuple[str, ...] | None:
    return tuple(entry[key]) if key in entry else None
