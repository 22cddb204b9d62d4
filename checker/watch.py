"""Grades exercises as their notebooks are saved."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import click

from checker.contract import Exercise, find, load_all
from checker.engine import Engine
from checker.engine.open import open_engine
from checker.exercises import answer_to, notebook_of
from checker.learner import grade_and_show
from checker.notebook.reader import NotebookError, read, shown
from checker.notebook.workspace import EXERCISES
from checker.progress import digest
from checker.submission import DONE


def watch_exercises(root: Path, id: str | None) -> int:
    """Grade what was changed at each save, or `id` alone, until Ctrl+C. Returns 0."""
    from watchfiles import watch

    exercises = [find(id, root)] if id else list(load_all(root).values())
    folder = root / EXERCISES
    if not folder.is_dir():
        raise NotebookError(f"{shown(folder)}: there is no such folder. To make it: python3 -m checker build")
    with closing(open_engine()) as engine:
        watcher = _Watcher(root, exercises, engine)
        what = f"exercise {id}" if id else "every exercise"
        click.echo(f"Watching {what} in {shown(folder)}: save a notebook to grade it. Ctrl+C ends this.")
        try:
            # Looks each second, too: a save before the watch stands, or on a network drive, makes no noise.
            for _ in watch(folder, debounce=400, rust_timeout=1000, yield_on_timeout=True):
                watcher.look()
        except KeyboardInterrupt:
            click.echo("")
    return DONE


class _Watcher:
    """Knows what each answer said when it was last looked at."""

    def __init__(self, root: Path, exercises: list[Exercise], engine: Engine) -> None:
        self._root, self._exercises, self._engine = root, exercises, engine
        self._seen = {exercise.id: self._digest(exercise) for exercise in exercises}

    def look(self) -> None:
        """Grade the answers that changed."""
        for exercise in self._exercises:
            now = self._digest(exercise)
            if now is None or now == self._seen[exercise.id]:
                continue
            self._seen[exercise.id] = now
            click.clear()
            grade_and_show(self._root, exercise, read(notebook_of(exercise, self._root)), self._engine)

    def _digest(self, exercise: Exercise) -> str | None:
        """None where there is no answer to grade, as in a notebook that is only half saved."""
        try:
            found = answer_to(exercise, read(notebook_of(exercise, self._root)))
        except NotebookError:
            return None
        return None if found.problem else digest(found.sources)
