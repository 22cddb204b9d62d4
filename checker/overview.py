"""Where a learner is: the exercises of all lessons, what is done, what is next."""

from __future__ import annotations

import sys
from pathlib import Path

from checker.contract import Exercise, load_all
from checker.exercises import notebook_of
from checker.grade import lacks
from checker.progress import Progress, Standing

_HEAD = ("Lesson", "Exercise", "State", "Title")


def where_you_are(root: Path) -> str:
    """What is done, by lesson; the next exercise and how to open it; no line end at its end."""
    rows, note = _standings(root)
    if not rows:
        return "There are no exercises in this copy yet. All commands: python3 -m checker --help"
    done = sum(standing.state == "passed" for _, standing in rows)
    lines = [f"assert await: {done} of {len(rows)} exercises done.", ""]
    for lesson in dict.fromkeys(exercise.lesson for exercise, _ in rows):
        own = [standing for exercise, standing in rows if exercise.lesson == lesson]
        passed = sum(standing.state == "passed" for standing in own)
        lines.append(f"  {lesson.replace('_', ' '):<34} {passed} of {len(own)}")
    following = next((exercise for exercise, standing in rows if standing.state != "passed"), None)
    lines += ["", *(_next(following, root) if following else ["All of them are done."])]
    return "\n".join([*lines, "", "All commands: python3 -m checker --help", *filter(None, [note])])


def print_exercises(root: Path) -> None:
    """A table of all exercises: drawn on a terminal, plain columns elsewhere."""
    rows, note = _standings(root)
    lacking = {exercise.id: lacks(exercise) for exercise, _ in rows}
    table = [
        (exercise.lesson, exercise.id, _state(standing, lacking[exercise.id]), exercise.title)
        for exercise, standing in rows
    ]
    if sys.stdout.isatty():
        _draw(table)
    else:
        widths = [max(len(row[column]) for row in [_HEAD, *table]) for column in range(len(_HEAD) - 1)]
        for row in [_HEAD, *table]:
            cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
            print("  ".join([*cells, row[-1]]))
    for missing in filter(None, dict.fromkeys(lacking.values())):
        print(f"\nNot run here: {', '.join(id for id in lacking if lacking[id] == missing)}. {missing}")
    if note:
        print(note, file=sys.stderr)


def _draw(rows: list[tuple[str, ...]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(*_HEAD, box=None, pad_edge=False)
    for row in rows:
        table.add_row(*row, style="dim" if row[2].startswith("done") else None)
    Console(markup=False, highlight=False).print(table)


def _standings(root: Path) -> tuple[list[tuple[Exercise, Standing]], str]:
    exercises = load_all(root).values()
    progress = Progress(root)
    return list(zip(exercises, progress.summary(exercises), strict=True)), progress.note


def _state(standing: Standing, lacking: str) -> str:
    if standing.state == "passed":
        return "done"
    if lacking:
        return "not run"
    tried = {0: "not begun", 1: "1 attempt"}.get(standing.attempts, f"{standing.attempts} attempts")
    return f"{tried}, given up" if standing.gave_up else tried


def _next(exercise: Exercise, root: Path) -> list[str]:
    path = notebook_of(exercise, root).relative_to(root).as_posix()
    missing = lacks(exercise)
    return [
        f"Next: exercise {exercise.id}, {exercise.title}",
        f"  open it   python3 -m checker lab, then {path}",
        f"  check it  run its cell, or: python3 -m checker run {exercise.id}",
        *([f"  first     {missing}"] if missing else []),
    ]
