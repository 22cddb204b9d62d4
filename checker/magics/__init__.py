"""What `%load_ext checker` puts into a notebook: `%%ipytest` for lessons, `%%exercise` for exercises.

No magic raises on a learner's mistake: it says what is wrong and what to do.
"""

from __future__ import annotations

import atexit
import sys
from collections.abc import Callable
from pathlib import Path

_started: list[Callable[[], None]] = []
_CHECKOUT = Path(__file__).resolve().parents[2]


def load_ipython_extension(shell) -> None:
    """Register the magics and start the engine. Loading again first ends what was started before."""
    from checker.magics.certificate import CertificateMagics
    from checker.magics.exercise import ExerciseMagics
    from checker.magics.lesson import Lesson
    from checker.magics.postgresql import PostgresqlMagics
    from checker.magics.show import ShowMagics

    root = project_root(Path.cwd())
    if str(root) not in sys.path:
        sys.path.insert(0, str(root))
    while _started:
        close = _started.pop()
        atexit.unregister(close)
        close()
    lesson, exercises = Lesson(shell, root), ExerciseMagics(shell, root)
    postgresql = PostgresqlMagics(shell)
    certificate = CertificateMagics(shell, root, exercises.progress_record)
    shell.register_magics(exercises, postgresql, ShowMagics(shell, root), certificate)
    for close in (lesson.close, exercises.close, postgresql.close):
        _started.append(close)
        atexit.register(close)


def project_root(start: Path) -> Path:
    """The folder of the project that `start` is in; where it is in none, the one this package belongs to."""
    for folder in (start, *start.parents):
        if (folder / "app").is_dir() and (folder / "checker" / "contract.py").is_file():
            return folder
    return _CHECKOUT
