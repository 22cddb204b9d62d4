"""The folder ``exercises/``, made from ``solutions/``. A learner writes in it, and never loses a line."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import zip_longest
from pathlib import Path
from typing import Literal

from checker.notebook.answers import METADATA_KEY, Key, answer_of, parse, stored_starter, stored_starters
from checker.notebook.build import exercise_notebook, fingerprint
from checker.notebook.markers import BuildError
from checker.notebook.reader import Cell, Notebook, NotebookError, read, shown
from checker.notebook.writer import is_kept, keep, render, write

SOLUTIONS = "solutions"
EXERCISES = "exercises"


@dataclass(frozen=True)
class Change:
    """What ``build_all`` did with one exercise notebook, or found with ``check``.

    ``current``: it is what its source gives. ``written``: it was made, or made anew; ``kept`` is the copy of
    what stood there, None where that was nobody's work. ``answered``: it was made from this source and was
    worked in since; it is left alone. ``missing``, ``differs``: to be written. ``stale``: it has no source,
    and is left alone. ``detail`` names the first cell that differs, or what to do.
    """

    path: Path
    action: Literal["current", "written", "answered", "missing", "differs", "stale"]
    detail: str = ""
    kept: Path | None = None


def build_all(root: Path, *, check: bool) -> list[Change]:
    """Make ``exercises/`` of ``root`` from ``solutions/``; with ``check`` write nothing.

    Raises ``BuildError`` with one line for each source that is at fault, before anything is written.
    """
    built = _built(root)
    if not check:
        _make_folder(root / EXERCISES)
    changes = [_check(path, wanted) if check else _bring_up(path, wanted) for path, wanted in built.items()]
    for path in _notebooks(root / EXERCISES):
        if path not in built:
            fix = f"Delete it, or add {SOLUTIONS}/{path.name}."
            changes.append(Change(path, "stale", f"{shown(path)}: has no source. {fix}"))
    return changes


def reset(root: Path, target: str) -> Path | None:
    """Put the starter back: of one exercise (``3.2``) or of a lesson (``03_isolate_the_database``, ``3``).

    Returns the copy that was kept of the notebook as it was; None when there was nothing to keep. Without
    ``solutions/`` the starters come from the metadata of the cells, and given cells stay as they are.
    Raises ``NotebookError``.
    """
    exercise_id = target if re.fullmatch(r"[0-9]+\.[0-9]+", target) else None
    path = _exercise_path(root, target.split(".")[0] if exercise_id else target)
    source = root / SOLUTIONS / path.name
    fresh = exercise_notebook(read(source)) if source.is_file() else None
    if fresh and not exercise_id:
        if path.is_file() and _has_cells_of(path, fresh):
            return None
        new = fresh
    else:
        old = read(path)
        new = _with_starters(old, fresh, exercise_id)
        if fingerprint(new.cells) == fingerprint(old.cells):
            return None
    kept = keep(path) if path.is_file() else None
    write(path, render(new))
    return kept


def _built(root: Path) -> dict[Path, Notebook]:
    sources = _notebooks(root / SOLUTIONS)
    if not sources:
        raise BuildError(
            f"{shown(root / SOLUTIONS)}: holds no notebook, so there is nothing to build from. "
            f"A handout has no solutions; its {EXERCISES}/ are built already."
        )
    built: dict[Path, Notebook] = {}
    faults: list[str] = []
    for source in sources:
        try:
            built[root / EXERCISES / source.name] = exercise_notebook(read(source))
        except NotebookError as error:
            faults.append(str(error))
    if faults:
        raise BuildError("\n".join(faults))
    return built


def _notebooks(folder: Path) -> list[Path]:
    found = folder.glob("*.ipynb") if folder.is_dir() else ()
    return sorted(path for path in found if not path.name.startswith(".") and not is_kept(path))


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise NotebookError(
            f"{shown(folder)}: cannot be made: {error.strerror}. Check the folder."
        ) from error


def _check(path: Path, wanted: Notebook) -> Change:
    if not path.exists():
        return Change(path, "missing", f"{shown(path)}: is missing. Run `python3 -m checker build`.")
    try:
        standing = read(path)
    except NotebookError as error:
        return Change(path, "differs", str(error))
    if _is_text_of(path, wanted):
        return Change(path, "current")
    difference = f"{shown(path)}: {_difference(standing, wanted)}"
    if _generated(standing) == fingerprint(wanted.cells):
        return Change(path, "answered", f"{difference}. It holds somebody's work.")
    return Change(path, "differs", f"{difference}. Run `python3 -m checker build`.")


def _bring_up(path: Path, wanted: Notebook) -> Change:
    found = _check(path, wanted)
    if found.action == "current":
        return found
    kept = None
    if found.action != "missing" and _holds_work(path, wanted):
        if found.action == "answered":
            fix = f"`python3 -m checker reset {path.stem}` puts the starters back."
            return replace(found, detail=f"{found.detail} Left as it is; {fix}")
        kept = keep(path)
    write(path, render(wanted))
    detail = f"{shown(path)}: what was there is kept as {kept.name}." if kept else ""
    return Change(path, "written", detail, kept)


def _holds_work(path: Path, wanted: Notebook) -> bool:
    try:
        standing = read(path)
    except NotebookError:
        return True
    return fingerprint(standing.cells) not in (_generated(standing), fingerprint(wanted.cells))


def _has_cells_of(path: Path, wanted: Notebook) -> bool:
    try:
        return fingerprint(read(path).cells) == fingerprint(wanted.cells)
    except NotebookError:
        return False


def _is_text_of(path: Path, wanted: Notebook) -> bool:
    # Git may check text out with CRLF; JSON has no bare line end inside a string.
    return path.read_bytes().replace(b"\r\n", b"\n") == render(wanted).encode()


def _generated(notebook: Notebook) -> object:
    own = notebook.metadata.get(METADATA_KEY)
    return own.get("generated") if isinstance(own, dict) else None


def _difference(standing: Notebook, wanted: Notebook) -> str:
    for one, other in zip_longest(standing.cells, wanted.cells):
        if one is None:
            return f"cell {other.number} is missing"
        if other is None:
            return f"cell {one.number} is added"
        for field in (
            "kind",
            "source",
            "id",
            "tags",
            "outputs",
            "execution_count",
            "metadata",
            "attachments",
        ):
            if getattr(one, field) != getattr(other, field):
                return f"cell {one.number} differs in its {field}"
    return "its metadata or its layout differs"


def _exercise_path(root: Path, lesson: str) -> Path:
    names = {path.stem for folder in (EXERCISES, SOLUTIONS) for path in _notebooks(root / folder)}
    number = lesson.zfill(2) if lesson.isdecimal() else None
    for name in sorted(names):
        if name == lesson or name.split("_")[0] == number:
            return root / EXERCISES / f"{name}.ipynb"
    known = ", ".join(sorted(names)) or "none"
    raise NotebookError(
        f"{shown(root / EXERCISES)}: has no lesson {shown(lesson, limit=60)}. It has: {known}."
    )


def _with_starters(old: Notebook, fresh: Notebook | None, exercise_id: str | None) -> Notebook:
    """``old`` with the starters of ``exercise_id`` put back, or of all exercises."""
    sources = fresh or old
    starters = {key: text for key, text in stored_starters(sources).items() if exercise_id in (None, key[0])}
    if fresh and not starters:
        known = ", ".join(sorted({key[0] for key in stored_starters(fresh)})) or "none"
        raise NotebookError(f"{shown(old.path)}: has no exercise {shown(exercise_id)}. It has: {known}.")
    keys = _keys(old)
    lost = [key for key in keys.values() if exercise_id in (None, key[0]) and key not in starters]
    if lost or not starters:
        name = exercise_id or (lost[0][0] if lost else "any exercise")
        raise NotebookError(
            f"{shown(old.path)}: the starter of {name} is not stored in it any more. Get the notebook again "
            f"(git checkout -- {EXERCISES}/{old.path.name}), after you have copied what you want to keep."
        )
    cells = tuple(
        _reset_cell(cell, starters[key]) if (key := keys.get(cell.number)) in starters else cell
        for cell in old.cells
    )
    for key in starters.keys() - set(keys.values()):
        cells = _inserted(cells, key, sources)
    return replace(old, cells=cells)


def _keys(notebook: Notebook) -> dict[int, Key]:
    """Cell number to exercise: by the cell's text, else, where no text claims it, by what it was made for."""
    keys = {cell.number: answer.key for cell in notebook.cells if (answer := answer_of(cell))}
    answered = set(keys.values())
    for cell in notebook.cells:
        made_for = parse(stored_starter(cell), cell.number)
        if made_for and made_for.key not in answered:
            keys.setdefault(cell.number, made_for.key)
    return keys


def _reset_cell(cell: Cell, source: str) -> Cell:
    metadata = cell.metadata | {METADATA_KEY: {"starter": source}}
    return replace(
        cell, kind="code", source=source, outputs=(), execution_count=None, metadata=metadata, attachments={}
    )


def _inserted(cells: tuple[Cell, ...], key: Key, fresh: Notebook) -> tuple[Cell, ...]:
    """``cells`` with the deleted cell of ``key`` again, below the nearest cell above it that is left."""
    wanted = next(cell for cell in fresh.cells if (answer := parse(cell.source, 0)) and answer.key == key)
    above = {cell.id for cell in fresh.cells[: wanted.number - 1]}
    place = max((index for index, cell in enumerate(cells, 1) if cell.id in above), default=len(cells))
    return (*cells[:place], wanted, *cells[place:])
