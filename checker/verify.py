"""The author's proof of an exercise: the reference passes, the starter does not, every bug can be caught and missed.

Stored answers (`checker.stored`) are graded, and each must get the verdict that it is promised.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from threading import Lock, Semaphore, Thread

from checker.contract import Exercise, find, load_all
from checker.engine.open import open_engine
from checker.engine.processes import processors
from checker.grade import grade, lacks
from checker.notebook.build import reference, starter
from checker.notebook.reader import read
from checker.stored import Stored, load_answers
from checker.verdict import Verdict

HINTS_AT_LEAST = 3
VARIANTS_AT_LEAST = 2
BRANCHES = 12  # as many versions as most exercises have
Told = Callable[[str, str, int, int], None]


@dataclass(frozen=True)
class Claim:
    """One thing that was to be shown, and what was seen instead where it did not hold.

    `lacks`: what this machine lacks, so that nothing was tried and the claim counts for nothing.
    """

    exercise: str
    sentence: str
    instead: str = ""
    lacks: str = ""

    @property
    def holds(self) -> bool:
        """Whether it was shown."""
        return not (self.instead or self.lacks)


_Waiting = deque[tuple[Future[Verdict], Exercise, Mapping[str, str]]]


class Graders:
    """Grades answers, several at once, on one engine.

    A grader stays with an exercise, whose versions the engine has met. The last one takes first what has little time:
    where hangs are expected, a trial waits, and others compute meanwhile.
    """

    def __init__(self, at_once: int | None = None) -> None:
        """`at_once`: when not given, one more than there are processors, since each of them waits now and then."""
        count = at_once or processors() + 1
        self._engine = open_engine(jobs=count, branches=BRANCHES * count)
        self._untouched: list[_Waiting] = []
        self._begun: list[_Waiting] = []
        self._lock, self._asked = Lock(), Semaphore(0)
        self._threads = [
            Thread(target=self._work, args=(count > 1 and number == count - 1,), name=f"grader-{number}", daemon=True)
            for number in range(count)
        ]
        for thread in self._threads:
            thread.start()

    def __enter__(self) -> Graders:
        return self

    def __exit__(self, *error: object) -> None:
        """What has not begun never does; what has is broken off."""
        with self._lock:
            self._untouched.clear()
            for waiting in self._begun:
                waiting.clear()
        self._engine.close()
        for _ in self._threads:
            self._asked.release()
        for thread in self._threads:
            thread.join()

    def grade(self, answers: Iterable[tuple[Exercise, Mapping[str, str]]]) -> Iterator[Verdict]:
        """The verdicts in the order of the answers, all to one exercise; the grading of all of them begins now."""
        waiting: _Waiting = deque((Future(), *answer) for answer in answers)
        gradings = [grading for grading, *_ in waiting]
        with self._lock:
            self._untouched.append(waiting)
        for _ in gradings:
            self._asked.release()
        return (grading.result() for grading in gradings)

    def _next(self, mine: _Waiting, little_time_first: bool) -> _Waiting:
        """Where to take the next answer from: where the last one came from, if any is left there."""
        if mine:
            return mine
        if self._untouched:
            begun = min(self._untouched, key=_seconds) if little_time_first else self._untouched[0]
            self._untouched.remove(begun)
            self._begun.append(begun)
            return begun
        return max(self._begun, key=len, default=mine)

    def _work(self, little_time_first: bool) -> None:
        mine: _Waiting = deque()
        while self._asked.acquire():
            with self._lock:
                mine = self._next(mine, little_time_first)
                if not mine:  # all is over
                    return
                grading, exercise, files = mine.popleft()
            try:
                grading.set_result(grade(exercise, files, self._engine))
            except BaseException as error:
                grading.set_exception(error)


def _seconds(waiting: _Waiting) -> float:
    """The time limit of a trial of the exercise that these are answers to."""
    return waiting[0][1].seconds


def verify(
    root: Path,
    ids: Sequence[str],
    *,
    repeat: int = 1,
    jobs: int | None = None,
    told: Told = lambda *step: None,
) -> Iterator[Claim]:
    """Yields each claim as it is tried.

    `ids`: exercises or lesson numbers, all when empty. `repeat`: gradings of the reference, then with every processor
    busy; `told(id, sentence, done, total)` hears of each. `jobs`: gradings at a time, see `Graders`.
    Raises `UnknownExercise`, `ContractError`, `NotebookError` or `BuildError` where there is nothing to try.
    """
    exercises = list(load_all(root).values())
    for id in ids:
        if not any(_chosen(exercise, [id]) for exercise in exercises):
            find(id, root)
    with load() if repeat > 1 else nullcontext(), Graders(jobs) as graders:
        proofs = [
            prove(root, exercise, graders, repeat, told)
            for exercise in exercises
            if not ids or _chosen(exercise, ids)
        ]
        for claims in proofs:
            yield from claims


def _chosen(exercise: Exercise, ids: Sequence[str]) -> bool:
    return exercise.id in ids or exercise.id.split(".")[0] in ids


def prove(
    root: Path, exercise: Exercise, graders: Graders, repeat: int = 1, told: Told = lambda *step: None
) -> Iterator[Claim]:
    """All that must hold of one exercise; one claim that says so where it cannot be tried here.

    Its answers are with the graders when this returns; the claims wait for them.
    """
    if missing := lacks(exercise):
        return iter([Claim(exercise.id, "not run", lacks=missing)])
    notebook = read(root / "solutions" / f"{exercise.lesson}.ipynb")
    own = {
        name: reference(notebook, exercise.id, _filename(exercise, name)).source for name in exercise.answers
    }
    empty = {
        name: starter(notebook, exercise.id, _filename(exercise, name)).source for name in exercise.answers
    }
    stored = load_answers(root, exercise)
    short = replace(exercise, matrix=False)  # no promise is about what else a test would have caught
    verdicts = graders.grade(
        [
            (exercise, empty),
            (exercise, own),
            *((short, answer.files) for answer in stored),
            *[(exercise, own)] * (repeat if repeat > 1 else 0),
        ]
    )
    claims = [_form(exercise, own, stored), _graded(exercise, stored, verdicts)]
    if repeat > 1:
        claims.append(_repeated(exercise, verdicts, repeat, told))
    return chain(*claims)


def _graded(exercise: Exercise, stored: Sequence[Stored], verdicts: Iterator[Verdict]) -> Iterator[Claim]:
    """What must hold of the verdicts: on the untouched starter, on the reference, then on the stored answers."""
    untouched = next(verdicts)
    yield _claim(
        exercise,
        "the untouched starter does not pass",
        untouched.verdict not in ("passed", "grader_error"),
        untouched,
    )
    verdict = next(verdicts)
    yield _claim(
        exercise, "the reference accepts every correct version and catches every bug", verdict.passed, verdict
    )
    caught = {"reference": _caught(verdict)}
    for answer in stored:
        verdict = next(verdicts)
        yield _claim(
            exercise,
            f"the stored answer {answer.name} is {promise(answer)}",
            keeps(answer, verdict),
            verdict,
        )
        caught[answer.name] = _caught(verdict)
    yield from _vectors(exercise, caught)


def _filename(exercise: Exercise, name: str) -> str | None:
    return name if len(exercise.answers) > 1 else None


def _form(exercise: Exercise, own: Mapping[str, str], stored: Sequence[Stored]) -> Iterator[Claim]:
    """What the contract and the stored answers must contain."""
    hints = exercise.hints
    yield Claim(
        exercise.id,
        f"there are at least {HINTS_AT_LEAST} hints",
        "" if len(hints) >= HINTS_AT_LEAST else f"there are {len(hints)}",
    )
    given_away = [name for name, text in own.items() if _squeezed(text) in _squeezed(hints[-1])]
    yield Claim(exercise.id, "the last hint is not the reference", "it contains it" if given_away else "")
    if exercise.kind == "tests":
        count, decoys = len(exercise.variants), sum(variant.decoy for variant in exercise.variants)
        yield Claim(
            exercise.id,
            f"there are at least {VARIANTS_AT_LEAST} variants, one a decoy",
            "" if count >= VARIANTS_AT_LEAST and decoys else f"there are {count}, {decoys} of them decoys",
        )
        yield Claim(
            exercise.id,
            "a naive smoke test is stored",
            "" if any(answer.smoke for answer in stored) else "no stored answer has `smoke = true`",
        )
    missed_alone = {
        answer.misses[0] for answer in stored if answer.misses is not None and len(answer.misses) == 1
    }
    lonely = [mutant.name for mutant in exercise.mutants if mutant.name not in missed_alone]
    yield Claim(
        exercise.id,
        "for each bug there is a stored answer that misses exactly it",
        f"none misses only {', '.join(lonely)}" if lonely else "",
    )
    right = {_squeezed("".join(answer.files.values())) for answer in stored if answer.verdict == "passed"}
    right -= {_squeezed("".join(own.values()))}
    yield Claim(
        exercise.id,
        "two right answers that differ from the reference are stored",
        "" if len(right) >= 2 else f"there are {len(right)}",
    )


def _squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


def _claim(exercise: Exercise, sentence: str, holds: bool, verdict: Verdict) -> Claim:
    return Claim(exercise.id, sentence, "" if holds else _seen(verdict))


def _seen(verdict: Verdict) -> str:
    """A verdict in a line or two, for an author."""
    missed = [
        version.name + (f" ({version.sentence})" if version.sentence else "")
        for version in verdict.of("mutant")
        if version.result == "missed"
    ]
    rejected = [
        f"{version.name}: {version.explanation.strip()[-300:]}"
        for version in verdict.versions
        if version.result == "rejected"
    ]
    findings = [
        f"{finding.kind} {finding.test} line {finding.line}: {finding.sentence}"
        for finding in verdict.findings
    ]
    return "; ".join(
        [
            f"{verdict.verdict}: {verdict.headline}",
            *(["missed " + ", ".join(missed)] if missed else []),
            *rejected,
            *findings,
            *([verdict.explanation[-600:]] if verdict.explanation else []),
        ]
    )


def _caught(verdict: Verdict) -> frozenset[str] | None:
    """The bugs that a valid answer caught; None for an answer that was not tried on them."""
    if verdict.verdict not in ("passed", "misses"):
        return None
    return frozenset(version.name for version in verdict.of("mutant") if version.result == "caught")


def promise(answer: Stored) -> str:
    words = answer.verdict
    if answer.misses is not None:
        words += f", missing exactly {', '.join(answer.misses)}"
    if answer.rejects is not None:
        words += f", rejecting exactly {', '.join(answer.rejects)}"
    return words + (f", with the finding {answer.finding}" if answer.finding else "")


def keeps(answer: Stored, verdict: Verdict) -> bool:
    """Whether the verdict is the promised one."""
    missed = {version.name for version in verdict.of("mutant") if version.result == "missed"}
    rejected = {version.name for version in verdict.versions if version.result == "rejected"}
    hinted = all(version.hint for version in verdict.of("mutant") if version.result == "missed")
    return (
        verdict.verdict == answer.verdict
        and hinted
        and (answer.misses is None or missed == set(answer.misses))
        and (not answer.smoke or missed == {version.name for version in verdict.of("mutant")})
        and (answer.rejects is None or rejected == set(answer.rejects))
        and (not answer.finding or any(finding.kind == answer.finding for finding in verdict.findings))
    )


def _vectors(exercise: Exercise, caught: Mapping[str, frozenset[str] | None]) -> Iterator[Claim]:
    """No two bugs are caught by the same stored answers: else one of them teaches nothing."""
    vectors: dict[frozenset[str], str] = {}
    twins = []
    for mutant in exercise.mutants:
        vector = frozenset(name for name, bugs in caught.items() if bugs is not None and mutant.name in bugs)
        if vector in vectors:
            twins.append(f"{mutant.name} = {vectors[vector]}")
        vectors[vector] = mutant.name
    yield Claim(exercise.id, "no two bugs share a kill vector", ", ".join(twins))


def _repeated(exercise: Exercise, verdicts: Iterator[Verdict], repeat: int, told: Told) -> Iterator[Claim]:
    """The reference was graded over and over, with every processor busy."""
    sentence = f"the reference passes {repeat} times under load"
    told(exercise.id, sentence, 0, repeat)
    for done, verdict in enumerate(verdicts, 1):
        if not verdict.passed:
            yield Claim(exercise.id, sentence, f"one did not: {_seen(verdict)}")
            return
        if done < repeat:
            told(exercise.id, sentence, done, repeat)
    yield Claim(exercise.id, sentence)


@contextmanager
def load(busy: int | None = None) -> Iterator[None]:
    """Keeps every processor busy while the block runs; what burns ends by itself when this process does."""
    burn = [sys.executable, "-c", f"import os\nwhile os.getppid() == {os.getpid()}: sum(range(100_000))"]
    burners = [
        subprocess.Popen(burn, stdin=subprocess.DEVNULL)
        for _ in range(processors() if busy is None else busy)
    ]
    try:
        yield
    finally:
        for burner in burners:
            burner.kill()
            burner.wait()
