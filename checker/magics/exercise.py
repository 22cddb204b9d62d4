"""`%%exercise` grades a cell; `%matrix`, `%hint`, `%progress`, `%solution` are what a learner asks for around it."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from pathlib import Path

from IPython.core.magic import Magics, cell_magic, line_magic, magics_class, no_var_expand
from IPython.display import display

from checker import contract
from checker.contract import ContractError, Exercise, UnknownExercise
from checker.engine import Engine, EngineError
from checker.engine.open import open_engine
from checker.exercises import reference_of
from checker.grade import grade, lacks
from checker.magics.output import Live, Output, html_output, markdown_output, sentence
from checker.magics.show import fenced
from checker.notebook import answers as written
from checker.notebook.build import reference
from checker.notebook.reader import NotebookError, read
from checker.pictures.drawing import Picture
from checker.pictures.matrix import kill_matrix
from checker.progress import ATTEMPTS_BEFORE_SOLUTION, Progress
from checker.report import words
from checker.report.html import details, framed, html, progress, prose_block, table
from checker.report.text import hint_lines, text
from checker.verdict import Verdict

_STATES = {"passed": "done", "tried": "tried", "untouched": "not begun"}


@magics_class
class ExerciseMagics(Magics):
    """The magics of the exercises. `root` is the project's folder; `verdicts`, by exercise, the last of this kernel."""

    def __init__(self, shell, root: Path) -> None:
        super().__init__(shell)
        self._root = root
        self.progress_record = Progress(root)
        self._verdicts: dict[str, Verdict] = {}
        self._answers: dict[str, dict[str, written.Answer]] = {}
        self._engine: Engine | None = None
        try:
            self._engine = open_engine()
        except EngineError:
            self._engine = None  # asked for again, and reported, when it is needed

    def close(self) -> None:
        """End the engine."""
        if self._engine is not None:
            self._engine.close()
            self._engine = None

    @no_var_expand
    @cell_magic
    def exercise(self, line: str, cell: str) -> None:
        """Grade this cell as the answer to an exercise.

        %%exercise 3.2                   the answer to exercise 3.2
        %%exercise 15.2 conftest.py      one file of an answer that has several

        The cell is not run here: it becomes a file and is tried on correct programs and on broken ones. An answer
        of several files is graded when the cell of each was run; after that, whenever one of them is run again.
        """
        answer = written.parse(f"%%exercise {line}\n{cell}", 0)
        if answer is None:
            self._say(
                f"`%%exercise {line}` is not understood. Write the exercise's id, such as "
                "`%%exercise 3.2`, or the id and a file name, such as `%%exercise 15.2 conftest.py`."
            )
            return
        found = self._find(answer.exercise_id)
        if found is None:
            return
        name = answer.filename or found.answers[0]
        if name not in found.answers or answer.filename is None and len(found.answers) > 1:
            self._say(
                f"An answer to exercise {found.id} is {_named(found.answers)}. "
                f"Write `%%exercise {found.id} {found.answers[0]}` on the first line of the cell."
            )
            return
        run = self._answers.setdefault(found.id, {})
        run[name] = answer
        if waiting := tuple(other for other in found.answers if other not in run):
            cells = "cell" if len(waiting) == 1 else "cells"
            self._say(
                f"`{name}` is noted. Run the {cells} of {_named(waiting)} too: then all are graded together."
            )
            return
        if others := tuple(other for other in found.answers if other != name):
            self._say(f"Graded together with {_named(others)}, as last run.")
        self._grade(found, run)

    @line_magic
    def matrix(self, line: str) -> None:
        """Draw which test catches which bug, in the last grading of an exercise: `%matrix 3.2`.

        Where each bug was tried only until a test caught it, the others are tried now.
        """
        found = self._find(line, "%matrix")
        if found is None:
            return
        verdict, passed = self._verdicts.get(found.id), self.progress_record.passes().get(found.id)
        if verdict and verdict.matrix:
            display(_drawn(verdict))
        elif verdict and verdict.kind == "tests" and verdict.verdict in ("passed", "misses"):
            self._grade(found, self._answers[found.id], matrix=True)
        elif passed and passed.matrix and not verdict:
            display(kill_matrix(passed.matrix, passed.bugs))
        else:
            self._say(
                f"There is no matrix of exercise {found.id} yet: no bug was tried. Run its cells; bugs are tried "
                "when your tests accept every correct program."
            )

    @line_magic
    def hint(self, line: str) -> None:
        """Show the next hint for an exercise: `%hint 3.2`. Call it again for the next one."""
        found = self._find(line, "%hint")
        if found is None:
            return
        step, hint, left = self.progress_record.next_hint(found)
        more = f"{words.counted(left, 'more hint')}: run the cell again." if left else "This is the last one."
        earlier = "".join(
            details(f"Hint {number}", prose_block(shown))
            for number, shown in enumerate(found.hints[: step - 1], start=1)
        )
        head = f"Exercise {found.id}, hint {step} of {step + left}"
        display(
            html_output(
                "\n".join((head, *hint_lines(hint), more)),
                framed(f"{earlier}<div>{escape(head)}</div>{prose_block(hint)}<div>{more}</div>"),
            )
        )
        self._note()

    @line_magic
    def progress(self, line: str) -> None:
        """Show which exercises are done: `%progress`."""
        try:
            exercises = contract.load_all(self._root, contract.CONTRACTS)
        except ContractError as error:
            self._say(_ours(error))
            return
        standings = self.progress_record.summary(exercises.values())
        done = sum(standing.state == "passed" for standing in standings)
        head = f"{done} of {words.counted(len(standings), 'exercise')} done."
        lacking = {id: lacks(exercise) for id, exercise in exercises.items()}
        rows = [
            (
                standing.exercise,
                "not run" if lacking[standing.exercise] and standing.state != "passed" else _STATES[standing.state],
                str(standing.attempts),
                str(standing.hints),
                exercises[standing.exercise].title,
            )
            for standing in standings
        ]
        names = ("Exercise", "State", "Attempts", "Hints", "Title")
        plain = "\n".join(
            f"{id:<9} {state:<10} {attempts:<9} {hints:<6} {title}"
            for id, state, attempts, hints, title in [names, *rows]
        )
        escaped = [tuple(map(escape, row)) for row in rows]
        notes = [*filter(None, dict.fromkeys(lacking.values()))]
        shown = framed(table(names, escaped, head) + "".join(map(prose_block, notes)))
        display(html_output("\n".join((head, plain, *notes)), shown))
        self._note()

    @line_magic
    def solution(self, line: str) -> None:
        """Show our own answer: `%solution 3.2`.

        It opens when the exercise is done, after three different attempts, or with `%solution 3.2 --give-up`.
        """
        id, _, option = line.strip().partition(" ")
        if option.strip() not in ("", "--give-up"):
            self._say(
                f"`{option.strip()}` is not understood. Write `%solution {id}` or `%solution {id} --give-up`."
            )
            return
        found = self._find(id, "%solution")
        if found is None:
            return
        if option:
            self.progress_record.give_up(found.id)
        if not self.progress_record.may_open_solution(found.id):
            self._say(
                f"The solution of {found.id} opens when the exercise is done, or after "
                f"{ATTEMPTS_BEFORE_SOLUTION} different attempts. `%hint {found.id}` helps on; "
                f"`%solution {found.id} --give-up` opens it now."
            )
            return
        display(self._reference(found))
        self._note()

    def _find(self, id: str, magic: str = "%%exercise") -> Exercise | None:
        id = id.strip()
        if not id:
            self._say(f"Which exercise? Write its id, such as `{magic} 3.2`. `%progress` lists them all.")
            return None
        try:
            return contract.find(id, self._root, contract.CONTRACTS)
        except UnknownExercise as error:
            self._say(str(error))
        except ContractError as error:
            self._say(_ours(error))
        return None

    def _grade(
        self, exercise: Exercise, answered: Mapping[str, written.Answer], *, matrix: bool = False
    ) -> None:
        """Try an answer, show what came out; the kill matrix alone where `matrix` asks for it."""
        live = Live(self.shell)
        sources = {name: answer.source for name, answer in answered.items()}

        def tell(said: str, done: int, total: int) -> None:
            live.show(
                html_output(
                    f"{said} ({done} of {total})", progress(exercise.id, exercise.title, said, done, total)
                )
            )

        try:
            if self._engine is None:
                self._engine = open_engine()
            verdict = grade(
                exercise,
                sources,
                self._engine,
                progress=tell,
                first_line={name: answer.first_line for name, answer in answered.items()},
                matrix=matrix,
            )
        except KeyboardInterrupt:
            live.end(
                sentence(
                    "Interrupted. Every trial was stopped and nothing was judged. "
                    "Run the cell again when you are ready."
                )
            )
            return
        except Exception as error:
            verdict = _fault(exercise, error)
        if matrix and verdict.matrix:
            live.end(_drawn(verdict))
        else:
            live.end(html_output(text(verdict), html(verdict)))
        self._verdicts[exercise.id] = verdict
        self.progress_record.record(verdict, sources)
        self._note()

    def _reference(self, exercise: Exercise) -> Output:
        path = reference_of(exercise.lesson, self._root)
        if not path.is_file():
            return sentence(
                f"The solution of {exercise.id} is not in this copy: there is no `solutions/{exercise.lesson}"
                ".ipynb`. Ask whoever gave you the copy."
            )
        single = len(exercise.answers) == 1
        try:
            notebook = read(path)
            sources = {
                name: reference(notebook, exercise.id, None if single else name).source.rstrip()
                for name in exercise.answers
            }
        except NotebookError as error:
            return sentence(_ours(error))
        head = f"Exercise {exercise.id}: one good answer. Yours may differ and be as good."
        return markdown_output(
            "\n\n".join((head, *sources.values())),
            "\n\n".join((head, *(fenced(name, source) for name, source in sources.items()))),
        )

    def _note(self) -> None:
        if self.progress_record.note:
            self._say(self.progress_record.note)
            self.progress_record.note = ""

    def _say(self, message: str) -> None:
        display(sentence(message))


def _drawn(verdict: Verdict) -> Picture:
    return kill_matrix(verdict.matrix, [version.name for version in verdict.of("mutant")])


def _named(names: tuple[str, ...]) -> str:
    return words.listed(tuple(f"`{name}`" for name in names))


def _ours(error: Exception) -> str:
    return f"The exercise cannot be used, which is not your fault. {error}"


def _fault(exercise: Exercise, error: Exception) -> Verdict:
    return Verdict(
        exercise.id,
        exercise.title,
        exercise.kind,
        "grader_error",
        "The grader failed, not your answer.",
        explanation=f"{type(error).__name__}: {error}",
    )
