"""What went wrong, in a sentence: no traceback of ours reaches a learner, and none is lost."""

from __future__ import annotations

import contextlib
import errno
import tempfile
import traceback
from pathlib import Path

from checker.contract import ContractError, UnknownExercise
from checker.engine import EngineError
from checker.notebook.reader import NotebookError, shown
from checker.progress import FOLDER
from checker.submission import GRADER_AT_FAULT, USAGE

LOG = "fault.log"
_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM)


def explain(error: Exception, root: Path) -> tuple[int, str]:
    """The exit code and a sentence. What nobody foresaw goes into a log file that the sentence names."""
    if isinstance(error, (NotebookError, UnknownExercise)):
        return USAGE, str(error)
    if isinstance(error, (ContractError, EngineError)):
        return GRADER_AT_FAULT, f"this is not your fault. {error}"
    if isinstance(error, OSError) and error.errno in _DISK and error.filename:
        place = f"{shown(error.filename)}: {error.strerror}"
        return USAGE, f"{place}. Make room or the folder writable, and run the command again."
    reason = shown(f"{type(error).__name__}: {error}".split("\n")[0])
    kept = _log(error, root)
    where = f"The details are in {shown(kept)}: report" if kept else "Report"
    where += " them with what you did."
    return GRADER_AT_FAULT, f"the checker failed, which is not your fault ({reason}). {where}"


def _log(error: Exception, root: Path) -> Path | None:
    """In the project's folder, else in the temporary one; None where neither can be written."""
    text = "".join(traceback.format_exception(error))
    for folder in (root / FOLDER, Path(tempfile.gettempdir())):
        path = folder / (LOG if folder.name == FOLDER else f"checker-{LOG}")
        with contextlib.suppress(OSError):
            folder.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8", errors="backslashreplace")
            return path
    return None
