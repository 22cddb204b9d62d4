"""Grades what `grade` is given: exercise ids, notebooks, folders of notebooks."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from checker.contract import ContractError, Exercise, find, load_all, load_readable, number
from checker.engine import Engine
from checker.exercises import Found, answer_to, judge, notebook_of, reference_of
from checker.fault import explain
from checker.grade import at_fault, lacks, ungraded
from checker.kernel.run import KernelRunner
from checker.notebook.answers import Answers, find_answers
from checker.notebook.reader import Notebook, NotebookError, read, shown
from checker.notebook.writer import is_kept
from checker.submission import KernelRun, Submission
from checker.verdict import Verdict

EXERCISE_ID = re.compile(r"\d{1,3}\.\d{1,3}")
_SKIPPED = {".ipynb_checkpoints", ".venv"}
# Archives are named rather than passed over: what is in them was handed in, too.
_HANDED_IN = (".ipynb", ".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar")

Told = Callable[[str, str, int, int], None]
"""Called with the exercise, what is being done, how much of it is done, and of how much."""


class NothingToGrade(Exception):
    """A name on the command line that is neither an exercise nor a notebook. The message says what to do."""


@dataclass(frozen=True)
class Source:
    """One thing to grade: an exercise of the learner's own, or a notebook. `named`: not found in a folder."""

    name: str
    exercise: Exercise | None = None
    path: Path | None = None
    named: bool = True


def sources(names: Iterable[str], root: Path) -> list[Source]:
    """What the names stand for, each once. Raises `NothingToGrade` or `UnknownExercise`."""
    found: dict[str, Source] = {}
    for name in names:
        for source in _sources(name, root):
            found.setdefault(source.name, source)
    return list(found.values())


def _sources(name: str, root: Path) -> Iterator[Source]:
    path = Path(name)
    try:
        path.lstat()
    except FileNotFoundError:
        pass
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise NothingToGrade(f"{shown(name)}: {reason}. Check the name.") from error
    if EXERCISE_ID.fullmatch(name) and not path.exists():
        yield Source(name, exercise=find(name, root))
    elif path.is_dir():
        notebooks = _notebooks(path)
        if not notebooks:
            raise NothingToGrade(f"{shown(name)}: the folder holds no notebook. Name another folder.")
        for notebook in notebooks:
            yield Source(str(notebook), path=notebook, named=False)
    elif path.is_symlink() or path.exists():
        yield Source(name, path=path)
    else:
        what = "there is no such file, folder or exercise"
        raise NothingToGrade(f"{shown(name)}: {what}.{_nearest(name, root)}")


def _notebooks(folder: Path) -> list[Path]:
    return sorted(
        path
        for path in folder.rglob("*")
        if path.name.lower().endswith(_HANDED_IN)
        and not (path.is_dir() or is_kept(path) or set(path.relative_to(folder).parts) & _SKIPPED)
    )


def _nearest(name: str, root: Path) -> str:
    path = Path(name)
    here = [str(other) for other in path.parent.glob("*.ipynb")] if path.parent.is_dir() else []
    near = difflib.get_close_matches(name, [*here, *load_all(root)], n=3)
    return f" Near: {', '.join(map(shown, near))}." if near else " All exercises: python3 -m checker list"


class Marker:
    """Grades sources, a few at once: while one is prepared or waits for its last trial, another has the processors.

    The kernels of up to `jobs` notebooks run beside that; `kernels` is None when they are not to be run. `told` hears
    of each trial, from several threads.
    """

    def __init__(
        self,
        root: Path,
        engine: Engine,
        kernels: KernelRunner | None,
        *,
        jobs: int = 2,
        told: Told | None = None,
    ) -> None:
        self._root, self._engine, self._kernels, self._jobs = root, engine, kernels, jobs
        self._told = told or (lambda exercise, sentence, done, total: None)
        self._exercises: dict[str, Exercise] = {}
        self._spoilt: dict[str, ContractError] = {}

    def mark(self, listed: list[Source]) -> Iterator[Submission]:
        """One submission a source, in their order. When this is left early, what runs is ended, the engine too."""
        if any(source.path for source in listed):
            self._exercises, self._spoilt = load_readable(self._root)
        pools = ThreadPoolExecutor(self._jobs, "kernel"), ThreadPoolExecutor(self._jobs // 2 + 1, "grader")
        kernels, graders = pools
        try:
            runs = [kernels.submit(self._run, source.path) if source.path else None for source in listed]
            gradings = [graders.submit(self._graded_source, source) for source in listed]
            for grading, run in zip(gradings, runs, strict=True):
                graded = grading.result()
                yield replace(graded, kernel=run.result()) if run else graded
        except BaseException:
            for pool in pools:
                pool.shutdown(wait=False, cancel_futures=True)
            self._engine.close()
            raise
        finally:
            if self._kernels:
                self._kernels.stop()
            for pool in pools:
                pool.shutdown()

    def _graded_source(self, source: Source) -> Submission:
        return self._own(source) if source.exercise else self._notebook(source)

    def _own(self, source: Source) -> Submission:
        """The learner's own answer, in exercises/."""
        path = notebook_of(source.exercise, self._root)
        try:
            notebook = read(path)
        except NotebookError as error:
            return Submission(source.name, problem=f"{error} To make it: python3 -m checker build")
        answers = find_answers(notebook)
        return self._graded(source, [source.exercise], answers, notebook)

    def _notebook(self, source: Source) -> Submission:
        try:
            notebook = read(source.path)
        except NotebookError as error:
            return Submission(source.name, problem=str(error), named=source.named)
        answers = find_answers(notebook)
        lesson, answered = self._lesson(notebook, answers), _answered(answers)
        exercises = [one for one in self._exercises.values() if one.lesson == lesson or one.id in answered]
        faults = tuple(self._faults(lesson, answered))
        if not exercises and not faults:
            problem = f"{shown(source.path)}: no cell begins with `%%exercise` and the id of an exercise."
            return Submission(source.name, problem=f"{problem} Name another.", named=source.named)
        return self._graded(source, exercises, answers, notebook, faults)

    def _graded(
        self,
        source: Source,
        exercises: list[Exercise],
        answers: Answers,
        notebook: Notebook,
        faults: tuple[Verdict, ...] = (),
    ) -> Submission:
        verdicts, cells = [], {}
        for exercise in exercises:
            found = answer_to(exercise, notebook, answers)
            verdicts.append(self._verdict(exercise, found))
            if found.cell:
                cells[exercise.id] = found.cell
        verdicts += faults
        notes = tuple(self._notes(answers, verdicts)) if source.path else ()
        return Submission(source.name, tuple(verdicts), notes=notes, cells=cells, named=source.named)

    def _verdict(self, exercise: Exercise, found: Found) -> Verdict:
        """What nobody foresaw costs this answer its verdict, and no other one anything."""
        try:
            return judge(exercise, found, self._engine, partial(self._told, exercise.id))
        except Exception as error:
            return at_fault(exercise, explain(error, self._root)[1])

    def _faults(self, lesson: str, answered: Iterable[str]) -> Iterator[Verdict]:
        """For what is answered of lessons whose contract cannot be read; for the notebook's own if none of it is."""
        for slug, error in self._spoilt.items():
            ids = [id for id in answered if id.split(".")[0] == number(slug)]
            for id in ids or ([number(slug)] if slug == lesson else []):
                yield ungraded(id, explain(error, self._root)[1])

    def _lesson(self, notebook: Notebook, answers: Answers) -> str:
        """The lesson of most of its answers; without one, the lesson that its file is named after."""
        known = [self._exercises[id].lesson for id, _ in answers.found if id in self._exercises]
        if known:
            return Counter(known).most_common(1)[0][0]
        lessons = dict.fromkeys((*(one.lesson for one in self._exercises.values()), *self._spoilt))
        return next((lesson for lesson in lessons if lesson in notebook.path.stem), "")

    def _notes(self, answers: Answers, verdicts: list[Verdict]) -> Iterator[str]:
        yield from map(str, answers.near_misses)
        known = {verdict.exercise for verdict in verdicts}
        for id, _ in answers.found:
            if id not in known:
                near = difflib.get_close_matches(id, self._exercises, n=3, cutoff=0.4)
                yield f"`%%exercise {id}`: there is no such exercise. Near: {', '.join(near) or 'none'}."

    def _run(self, path: Path) -> KernelRun | None:
        """The notebook in a kernel; None where there is no notebook to run, which the other half reports."""
        if self._kernels is None:
            return None
        try:
            notebook = read(path)
        except NotebookError:
            return None
        lesson = self._lesson(notebook, find_answers(notebook))
        reference = reference_of(lesson, self._root)
        if not lesson:
            return None
        if lesson in self._spoilt:
            sentence = "The notebook was not run: the contract of its lesson cannot be read."
            return KernelRun("not_run", sentence=sentence, fault=True)
        for exercise in self._exercises.values():
            if exercise.lesson == lesson and (missing := lacks(exercise)):
                return KernelRun("not_run", sentence=f"The notebook was not run. {missing}")
        try:
            return self._kernels.run(notebook, read(reference) if reference.exists() else None)
        except NotebookError as error:
            return KernelRun("not_run", sentence=f"The reference cannot be read. {error}", fault=True)
        except Exception as error:
            return KernelRun("not_run", sentence=explain(error, self._root)[1], fault=True)


def _answered(answers: Answers) -> list[str]:
    """The ids of the exercises that a notebook has cells for, each once, also where it has too many."""
    return list(dict.fromkeys(id for id, _ in (*answers.found, *answers.ambiguous)))
