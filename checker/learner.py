"""What a learner asks for about one exercise: a verdict, a hint, the beginning, the solution."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from checker.contract import Exercise, find
from checker.engine import Engine
from checker.exercises import answer_to, judge, notebook_of, reference_sources
from checker.notebook.reader import Notebook, read, shown
from checker.notebook.workspace import reset
from checker.progress import ATTEMPTS_BEFORE_SOLUTION, Progress
from checker.report.text import text
from checker.report.words import counted
from checker.submission import DONE, INCOMPLETE, USAGE, Submission


def run_answer(root: Path, id: str, *, matrix: bool = False) -> int:
    """Grade the answer in exercises/, print the report, record the attempt. Returns the exit code.

    `matrix`: try every test on every bug, too.
    """
    from checker.engine.open import open_engine

    exercise = find(id, root)
    notebook = read(notebook_of(exercise, root))
    with closing(open_engine()) as engine:
        return grade_and_show(root, exercise, notebook, engine, matrix=matrix)


def grade_and_show(
    root: Path, exercise: Exercise, notebook: Notebook, engine: Engine, *, matrix: bool = False
) -> int:
    """Grade the answer in `notebook`, print the report, record the attempt. Returns the exit code."""
    found = answer_to(exercise, notebook)
    with meter() as show:
        verdict = judge(exercise, found, engine, lambda *step: show(exercise.id, *step), matrix=matrix)
    if found.cell:
        print(f"{notebook.path.relative_to(root).as_posix()}, cell {found.cell}")
    print(text(verdict), flush=True)
    progress = Progress(root)
    if not found.problem:
        progress.record(verdict, found.sources)
    _say(progress.note)
    return Submission(id, (verdict,)).exit_code


def next_hint(root: Path, id: str) -> str:
    """The next step of the ladder, and how to get the one after it."""
    exercise = find(id, root)
    progress = Progress(root)
    step, hint, left = progress.next_hint(exercise)
    _say(progress.note)
    more = f"{counted(left, 'more hint')}: python3 -m checker hint {id}" if left else "This is the last one."
    return f"Exercise {id}, hint {step} of {step + left}\n\n{hint}\n\n{more}"


def put_back(root: Path, id: str) -> str:
    """Put the starter back, and say where the copy is."""
    exercise = find(id, root)
    path = notebook_of(exercise, root).relative_to(root).as_posix()
    kept = reset(root, id)
    if kept is None:
        return f"Exercise {id} is as it was at the beginning: nothing to do."
    lines = [f"Exercise {id} in {path} is back at its beginning.", f"Your notebook as it was: {shown(kept)}"]
    return "\n".join([*lines, "If it is open in JupyterLab: File, Reload Notebook from Disk."])


def show_solution(root: Path, id: str, *, give_up: bool) -> int:
    """Print the reference where it may be seen. Returns the exit code."""
    exercise = find(id, root)
    progress = Progress(root)
    if give_up:
        progress.give_up(id)
    opens = progress.may_open_solution(id)
    _say(progress.note)
    if not opens:
        [standing] = progress.summary([exercise])
        print(
            f"The solution of {id} opens when the exercise is done, or after {ATTEMPTS_BEFORE_SOLUTION} "
            f"different attempts (so far {standing.attempts}).\nA hint: python3 -m checker hint {id}\n"
            f"Open it now: python3 -m checker solution {id} --give-up"
        )
        return INCOMPLETE
    sources = reference_sources(exercise, root)
    if not sources:
        _say(f"checker: the solution of {id} is not in this copy. Ask whoever gave it to you.")
        return USAGE
    print(f"# Exercise {id}: one good answer. Yours may differ and be as good.")
    for name, source in sources.items():
        print(f"\n# {name}\n{source}" if len(sources) > 1 else f"\n{source}")
    return DONE


@contextmanager
def meter() -> Iterator:
    """Yields `show(exercise, sentence, done, total)`: a line that changes; only a terminal shows it."""
    if not sys.stderr.isatty():
        yield lambda *step: None
        return
    from rich.console import Console
    from rich.text import Text

    def show(id: str, sentence: str, done: int, total: int) -> None:
        status.update(Text(f"{id}: {sentence} ({done} of {total})"))

    with Console(stderr=True).status("Starting") as status:
        yield show


def _say(sentence: str) -> None:
    if sentence:
        print(sentence, file=sys.stderr)
