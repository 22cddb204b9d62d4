"""A strict reader of notebooks that anybody may have written: a ``Notebook`` or a ``NotebookError``."""

from __future__ import annotations

import json
import math
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NoReturn

MAX_BYTES = 20 * 1024 * 1024
# Each list or object of the file costs about 64 bytes of memory against 3 in the file.
MAX_CONTAINERS = 1_000_000
MAX_DEPTH = 100
MAX_SOURCE_CHARACTERS = 1_000_000

CellKind = Literal["code", "markdown", "raw"]
CELL_KINDS = ("code", "markdown", "raw")

_MERGE_MARKER = re.compile(r"^(?:<{7} [^\r\n]*|={7}|>{7} [^\r\n]*)\r?$", re.MULTILINE)
_SURROGATE_ESCAPE = re.compile(r"\\u[dD][89a-fA-F]")
_SURROGATE = re.compile("[\ud800-\udfff]")


_ARCHIVES = (b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07")


class NotebookError(Exception):
    """A notebook cannot be used. The message names the file, the cell where there is one, and what to do."""


@dataclass(frozen=True)
class Cell:
    """One cell. ``number`` counts all cells from 1; ``source`` has ``\\n`` line ends whatever the file had.

    ``id`` is None in files older than nbformat 4.5. Two cells of a learner's notebook may have the same id.
    """

    number: int
    id: str | None
    kind: CellKind
    source: str
    outputs: tuple[dict[str, Any], ...] = ()
    tags: tuple[str, ...] = ()
    execution_count: int | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    attachments: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Notebook:
    """A notebook of nbformat 4. ``minor`` is its minor format: from 5 on cells have ids."""

    path: Path
    cells: tuple[Cell, ...]
    metadata: dict[str, Any] = field(default_factory=dict)
    minor: int = 5


def read(path: Path, *, max_bytes: int = MAX_BYTES) -> Notebook:
    """Read the notebook at ``path``, which anybody may have written.

    Raises ``NotebookError`` for whatever is not a notebook of nbformat 4; never another exception, no hang.
    A link is followed only to a file inside its own folder.
    """
    where = shown(path)
    document = _parse(where, _text(where, _bytes(path, where, max_bytes)))
    return _notebook(path, where, document)


def shown(value: object, *, limit: int = 300) -> str:
    """``value`` as text safe in a message: control characters escaped, cut at ``limit`` characters."""
    text = str(value)
    safe = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text[:limit])
    return safe if len(text) <= limit else safe + "…"


def _bytes(path: Path, where: str, max_bytes: int) -> bytes:
    try:
        with open(_descriptor(path, where), "rb") as file:
            size = os.fstat(file.fileno()).st_size
            # A file of the kernel's with nothing to give yet reads as None.
            content = b"" if size > max_bytes else file.read(max_bytes + 1) or b""
    except NotebookError:
        raise
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise NotebookError(f"{where}: cannot be read: {reason}. Check its name and permissions.") from error
    if size > max_bytes or len(content) > max_bytes:
        raise NotebookError(
            f"{where}: has {max(size, len(content)):,} bytes, more than the {max_bytes:,} that are read. "
            "Clear its outputs (Edit, Clear Outputs of All Cells), save it and try again."
        )
    return content


def _descriptor(path: Path, where: str) -> int:
    kind = os.lstat(path).st_mode
    target = os.fspath(path)
    if stat.S_ISLNK(kind):
        target = os.path.realpath(path, strict=True)
        if not Path(target).is_relative_to(os.path.realpath(Path(path).parent)):
            raise NotebookError(
                f"{where}: is a link to a file outside its folder. Copy the notebook itself there."
            )
        kind = os.lstat(target).st_mode
    # Before opening, since that alone can wake a device; after it, since the file can have been exchanged.
    _require_regular(kind, where)
    flags = os.O_RDONLY
    for name in ("O_NONBLOCK", "O_NOFOLLOW", "O_NOCTTY", "O_CLOEXEC", "O_BINARY"):
        flags |= getattr(os, name, 0)
    descriptor = os.open(target, flags)
    try:
        _require_regular(os.fstat(descriptor).st_mode, where)
    except NotebookError:
        os.close(descriptor)
        raise
    return descriptor


def _require_regular(mode: int, where: str) -> None:
    if stat.S_ISDIR(mode):
        raise NotebookError(f"{where}: is a folder, not a notebook. Name the .ipynb file inside it.")
    if not stat.S_ISREG(mode):
        raise NotebookError(f"{where}: is a pipe, a socket or a device, not a file. Name an .ipynb file.")


def _text(where: str, content: bytes) -> str:
    if not content.strip(b"\xef\xbb\xbf \t\r\n\0"):
        raise NotebookError(
            f"{where}: the file is empty. Save the notebook again, or take a fresh copy of the exercise."
        )
    if content.startswith(_ARCHIVES) or content[257:262] == b"ustar":
        raise NotebookError(
            f"{where}: is an archive, not a notebook, and is not opened. Unpack it into a folder of its own, name that."
        )
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise NotebookError(f"{where}: is saved as UTF-16. Open it in an editor and save it as UTF-8.")
    if content.count(b"[") + content.count(b"{") > MAX_CONTAINERS:
        raise NotebookError(f"{where}: {_TOO_DEEP}")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise NotebookError(
            f"{where}: line {line} is not UTF-8 text. Save the notebook again from JupyterLab."
        ) from error


def _parse(where: str, text: str) -> object:
    try:
        document = json.loads(text, parse_constant=_refuse_constant, parse_float=_finite)
    except json.JSONDecodeError as error:
        raise NotebookError(f"{where}: {_why_not_json(text, error)}") from error
    except (RecursionError, MemoryError) as error:
        raise NotebookError(f"{where}: {_TOO_DEEP}") from error
    except ValueError as error:
        raise NotebookError(
            f"{where}: holds a number that JSON does not have ({shown(error, limit=60)}). "
            "Clear its outputs and save it again from JupyterLab."
        ) from error
    if _deeper_than(MAX_DEPTH, document):
        raise NotebookError(f"{where}: {_TOO_DEEP}")
    # Half a character can be neither printed nor stored: show what a browser shows in its place.
    return _mend(document) if _SURROGATE_ESCAPE.search(text) else document


_TOO_DEEP = (
    "is nested too deeply, or has too many parts, to be a notebook. "
    "Clear its outputs and save it again from JupyterLab."
)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(text)
    return number


def _why_not_json(text: str, error: json.JSONDecodeError) -> str:
    if marker := _MERGE_MARKER.search(text):
        line = text.count("\n", 0, marker.start()) + 1
        return (
            f"line {line} is a merge marker ({shown(marker.group().strip(), limit=40)}): two versions were "
            "merged and the conflict is still open. Keep one (git checkout --ours FILE, or --theirs)."
        )
    if text.lstrip()[:15].lower().startswith(("<!doctype html", "<html")):
        return "is a web page, not a notebook. Download the raw file instead."
    cut_short = error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated")
    if cut_short and text.lstrip().startswith("{"):
        line = text.rstrip().count("\n") + 1
        return f"breaks off in line {line}: it was not saved or copied completely. Save it or copy it again."
    return (
        f"is not a notebook: line {error.lineno}, column {error.colno} is not JSON ({error.msg}). "
        "Name an .ipynb file that JupyterLab saved."
    )


def _deeper_than(limit: int, document: object) -> bool:
    level = [document]
    for _ in range(limit):
        level = [child for node in level for child in _children(node) if isinstance(child, (dict, list))]
        if not level:
            return False
    return True


def _children(node: object) -> Iterator[object]:
    return iter(node.values() if isinstance(node, dict) else node if isinstance(node, list) else ())


def _mend(node: Any) -> Any:
    if isinstance(node, dict):
        return {_mend(key): _mend(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_mend(child) for child in node]
    return _SURROGATE.sub("\ufffd", node) if isinstance(node, str) else node


def _notebook(path: Path, where: str, document: object) -> Notebook:
    if not isinstance(document, dict) or "nbformat" not in document:
        raise NotebookError(f"{where}: is JSON but not a notebook: it states no nbformat. Name another file.")
    major, minor = document["nbformat"], document.get("nbformat_minor", 0)
    if not _is_count(major) or not _is_count(minor):
        raise NotebookError(f"{where}: nbformat and nbformat_minor must be whole numbers. {_SAVE_AGAIN}")
    if major != 4:
        raise NotebookError(
            f"{where}: is saved in format {shown(major, limit=20)}, not in format 4. {_SAVE_AGAIN}"
        )
    metadata, cells = document.get("metadata", {}), document.get("cells")
    if not isinstance(metadata, dict):
        raise NotebookError(f"{where}: its metadata is not an object. {_SAVE_AGAIN}")
    if not isinstance(cells, list):
        raise NotebookError(f"{where}: has no list of cells. Take a fresh copy of the exercise.")
    if not cells:
        raise NotebookError(f"{where}: has no cells. Take a fresh copy of the exercise.")
    parsed = tuple(_cell(f"{where}: cell {number}", number, cell) for number, cell in enumerate(cells, 1))
    if (characters := sum(len(cell.source) for cell in parsed)) > MAX_SOURCE_CHARACTERS:
        raise NotebookError(
            f"{where}: its cells hold {characters:,} characters, more than the {MAX_SOURCE_CHARACTERS:,} "
            "that are read. Move data out of the cells into a file."
        )
    return Notebook(path, parsed, metadata, minor)


_SAVE_AGAIN = "Open it in JupyterLab and save it again."


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _cell(where: str, number: int, cell: object) -> Cell:
    def require(condition: bool, reason: str) -> None:
        if not condition:
            raise NotebookError(f"{where}: {reason}. {_SAVE_AGAIN}")

    require(isinstance(cell, dict), "is not an object")
    kind, metadata, source = cell.get("cell_type"), cell.get("metadata", {}), cell.get("source")
    require(kind in CELL_KINDS, f"its cell_type is {shown(repr(kind), limit=40)}, not code, markdown or raw")
    require(isinstance(metadata, dict), "its metadata is not an object")
    is_text = isinstance(source, str) or _is_list_of(str, source)
    require(is_text, "its source is neither text nor a list of lines")
    tags, outputs = metadata.get("tags", []), cell.get("outputs", [])
    require(_is_list_of(str, tags), "its tags are not a list of words")
    require(_is_list_of(dict, outputs), "its outputs are not a list of objects")
    attachments, count, cell_id = cell.get("attachments", {}), cell.get("execution_count"), cell.get("id")
    require(isinstance(attachments, dict), "its attachments are not an object")
    require(count is None or _is_count(count), "its execution_count is not a whole number")
    require(cell_id is None or isinstance(cell_id, str), "its id is not text")
    source = source if isinstance(source, str) else "".join(source)
    source = source.replace("\r\n", "\n").replace("\r", "\n")
    return Cell(number, cell_id, kind, source, tuple(outputs), tuple(tags), count, metadata, attachments)


def _is_list_of(kind: type, value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, kind) for item in value)
