"""Notebooks as text and on disk: the same bytes for the same notebook, nothing half written, nothing lost."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any

from checker.notebook.reader import Cell, Notebook, NotebookError, shown


def render(notebook: Notebook) -> str:
    """The text of ``notebook`` as Jupyter writes it: one space of indent, sorted keys, a final line end."""
    document = {
        "cells": [_plain(cell, with_id=notebook.minor >= 5) for cell in notebook.cells],
        "metadata": notebook.metadata,
        "nbformat": 4,
        "nbformat_minor": notebook.minor,
    }
    return json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"


def write(path: Path, text: str) -> None:
    """Replace the file at ``path`` by ``text`` in one step: a reader sees the old file or the new one.

    Raises ``NotebookError`` when the folder cannot be written, with the old file as it was.
    """
    temporary = path.with_name(f".{path.name}.{os.urandom(4).hex()}.tmp")
    try:
        with open(temporary, "xb") as file:
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise _cannot_write(path, error) from error


def keep(path: Path) -> Path:
    """Copy the file at ``path`` byte for byte to ``NAME.kept-N.ipynb`` beside it, N the first that is free.

    Returns the path of the copy. Raises ``NotebookError`` when the folder cannot be written.
    """
    if not path.is_file():
        raise NotebookError(f"{shown(path)}: is not a file, so no copy of it can be kept. Move it away.")
    candidates = (path.with_name(f"{path.stem}.kept-{number}{path.suffix}") for number in count(1))
    kept = next(candidate for candidate in candidates if not candidate.exists())
    try:
        with open(kept, "xb") as copy:
            copy.write(path.read_bytes())
    except OSError as error:
        if not isinstance(error, FileExistsError):
            kept.unlink(missing_ok=True)
        raise _cannot_write(kept, error) from error
    return kept


def is_kept(path: Path) -> bool:
    """Whether ``path`` has the name of a copy that ``keep`` made."""
    return ".kept-" in path.name


def _plain(cell: Cell, *, with_id: bool) -> dict[str, Any]:
    plain: dict[str, Any] = {
        "cell_type": cell.kind,
        "metadata": cell.metadata,
        "source": cell.source.splitlines(keepends=True),
    }
    if with_id and cell.id is not None:
        plain["id"] = cell.id
    if cell.kind == "code":
        plain |= {"execution_count": cell.execution_count, "outputs": list(cell.outputs)}
    elif cell.attachments:
        plain["attachments"] = cell.attachments
    return plain


def _cannot_write(path: Path, error: OSError) -> NotebookError:
    reason = error.strerror or str(error)
    return NotebookError(
        f"{shown(path)}: cannot be written: {reason}. Nothing was changed. Check the folder."
    )
