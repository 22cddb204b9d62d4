"""Runs the trials of one grading: shuffled, so that nothing can be told from their order."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from copy import copy
from dataclasses import replace
from functools import lru_cache

from checker.contract import Edit, Exercise
from checker.engine import POSTGRESQL, Engine, EngineError, Record, TestRun, Trial
from checker.engine.disguise import Disguise, disguise, reveal
from checker.engine.program import is_program
from checker.grade.source import Unusable
from checker.verdict import Verdict, Version

_WORD = re.compile(r"\w+")
_CHANCE = random.SystemRandom()
Progress = Callable[[str, int, int], None]


class Trials:
    """The trials of an exercise on an engine. `progress(sentence, done, total)` is told of each one that ends.

    `changed`: the files of the program that bugs change. `matrix`: whether every test is to be tried on every bug, or
    each bug only until a test catches it.
    """

    def __init__(
        self, engine: Engine, exercise: Exercise, progress: Progress | None, *, matrix: bool = False
    ) -> None:
        self.engine, self.exercise, self.matrix = engine, exercise, matrix
        self.progress = progress or (lambda sentence, done, total: None)
        self.needs = exercise.needs
        self._edited = {one.edit.path for one in (*exercise.variants, *exercise.mutants) if one.edit}
        mutated = {mutant.edit.path for mutant in exercise.mutants if mutant.edit}
        self.changed = tuple(sorted(path for path in mutated if is_program(path)))

    @property
    def until(self) -> tuple[str, ...]:
        """After which outcome a trial may end early; a stranger's trials all alike: none tells what it is for."""
        return () if self.matrix else ("failed",)

    def on(self, database: str) -> Trials:
        """The same, but on this database: PostgreSQL, or SQLite, for which a trial needs nothing."""
        other = copy(self)
        other.needs = database if database == POSTGRESQL else ""
        return other

    def by(self, engine: Engine) -> Trials:
        """The same, but on this engine."""
        other = copy(self)
        other.engine = engine
        return other

    def verdict(self, word: str, headline: str, versions: Sequence[Version] = (), **more) -> Verdict:
        """A verdict on the exercise; `more` are further fields of it."""
        exercise = self.exercise
        return Verdict(exercise.id, exercise.title, exercise.kind, word, headline, tuple(versions), **more)

    def not_tried(self) -> tuple[Version, ...]:
        """The lines about the bugs while an answer does not accept every correct version."""
        return tuple(Version("mutant", mutant.name, "not_tried") for mutant in self.exercise.mutants)

    def trial(self, answers: Mapping[str, str], edit: Edit | None = None, **how) -> Trial:
        """The answer against the subject, changed by `edit`."""
        exercise = self.exercise
        return Trial(
            {**exercise.version(edit), **answers},
            seconds=exercise.seconds,
            needs=self.needs,
            varied=tuple(sorted(self._edited)),
            answers=tuple(answers),
            **how,
        )

    def any_order(self) -> str:
        """Of the tests of a trial on a bug: that of some correct version, by chance."""
        return _CHANCE.choice(("forward", "reversed"))

    def run(self, sentence: str, trials: Sequence[Trial], *, stop_at_hang: int = 0) -> list[Record]:
        """The records, in the order of the trials. `stop_at_hang`: of so many, the first ones, a hang ends it all, and
        its record is the only one.
        """
        disguises = [self._disguises(trial) for trial in trials]
        trials = [_disguised(*both) for both in zip(trials, disguises, strict=True)]
        order = list(range(len(trials)))
        random.shuffle(order)
        order.sort(key=lambda index: -trials[index].repeat)  # the longest first, so that no processor waits at the end
        records: list[Record | None] = [None] * len(trials)
        self.progress(sentence, 0, len(trials))
        with closing(self.engine.run([trials[index] for index in order])) as results:
            for done, (place, record) in enumerate(results, start=1):
                _prepared(record)
                record = records[order[place]] = _revealed(record, disguises[order[place]])
                _believable(record, trials[order[place]])
                self.progress(sentence, done, len(trials))
                if order[place] < stop_at_hang and record.end == "timed_out":
                    return [record]
        return records

    def _disguises(self, trial: Trial) -> dict[str, Disguise]:
        """Of a stranger's trial, by path: what any version changes becomes another text."""
        if not self.engine.isolation.strangers:
            return {}
        texts = {path: text for path, text in trial.files.items() if path in self._edited and is_program(path)}
        return {path: _disguise(text) for path, text in texts.items()}

    def run_past_hangs(
        self, sentence: str, trials: Sequence[Trial], tests: Sequence[str], done: Sequence[Record] = ()
    ) -> list[Record]:
        """As `run`, but where one test hung, the others get their turn too (`tests`: node ids without parameters).

        `done`: the records, where the trials were run already.
        """
        records = list(done) or self.run(sentence, trials)
        for _ in range(3):
            again = {}
            for index, record in enumerate(records):
                seen = {base(test.id) for test in record.tests}
                rest = [test for test in tests if test not in seen]
                if record.end == "timed_out" and record.culprit and rest:
                    again[index] = rest
            if not again:
                break
            repeats = self.run(
                sentence, [replace(trials[index], select=tuple(rest)) for index, rest in again.items()]
            )
            for index, record in zip(again, repeats, strict=True):
                joined = (*records[index].tests, *record.tests)
                records[index] = replace(record, end=records[index].end, tests=joined)
        return records


@lru_cache(maxsize=4096)
def _disguise(text: str) -> Disguise:
    """Another one in each run of the grader; within it the same: no trial can tell another what it has read."""
    return disguise(text, _CHANCE)


def _prepared(record: Record) -> None:
    """Raises `EngineError` where a trial ended before anything of the answer ran."""
    if not record.prepared:
        said = (record.output.strip().splitlines() or [f"exit code {record.exit_code}"])[-1]
        raise EngineError(f"A trial could not be set up ({said[:300]}). Make room, and try again.")


def _believable(record: Record, trial: Trial) -> None:
    """Raises `Unusable` where a record names a test that no file of the trial has, or names one too often."""
    if trial.command is not None:
        return
    texts = [text for path, text in trial.files.items() if not is_program(path)]
    known = {word for text in texts for word in _WORD.findall(text)}
    for id, count in Counter(run.id for run in record.tests).items():
        strange = re.split(r"::|\.", base(id))[-1] not in known
        if strange or count > trial.repeat:
            what = "which the answer does not have" if strange else "more often than it ran"
            raise Unusable(
                "invalid",
                f"The trial reported `{short(id)[:80]}`, {what}. Look for code that writes results itself.",
                flags=(f"A trial reported `{short(id)[:80]}`, {what}.",),
            )


def _disguised(trial: Trial, disguises: Mapping[str, Disguise]) -> Trial:
    texts = {path: one.text for path, one in disguises.items()}
    return replace(trial, files={**trial.files, **texts}, disguised=tuple(texts)) if texts else trial


def _revealed(record: Record, disguises: Mapping[str, Disguise]) -> Record:
    """The record with the words of the real program: a learner never sees the disguise."""
    if not disguises:
        return record

    def real(said: str) -> str:
        return reveal(said, disguises)

    return replace(
        record,
        tests=tuple(
            replace(
                run,
                message=real(run.message),
                explanation=real(run.explanation),
                lost=tuple((line, real(text)) for line, text in run.lost),
            )
            for run in record.tests
        ),
        problems=tuple((path, line, real(message)) for path, line, message in record.problems),
        warnings=tuple(map(real, record.warnings)),
        output=real(record.output),
    )


def base(id: str) -> str:
    """A node id without its parameters: `test_answer.py::test_x[1]` is `test_answer.py::test_x`."""
    return id.split("[")[0]


def short(id: str) -> str:
    """A node id as a learner calls it: `test_x[1]`."""
    return id.split("::", 1)[-1]


def runs_of(record: Record) -> dict[str, list[TestRun]]:
    """A record's runs by test, without parameters: a parametrized test is one test with several runs."""
    found: dict[str, list[TestRun]] = {}
    for test in record.tests:
        found.setdefault(base(test.id), []).append(test)
    return found


def place_of(run: TestRun) -> str:
    """Where a run ended, `line 12` or `line 12 of conftest.py`; empty where it is not known."""
    if not run.lines:
        return ""
    file, line = run.lines[-1]
    return f"line {line}" if file == "test_answer.py" else f"line {line} of {file}"
