"""`%matrix` and `%certificate`: what a suite caught, for its author and for others."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from pathlib import Path

from IPython.core.magic import Magics, line_magic, magics_class, no_var_expand
from IPython.display import display

from checker.certificate import FILE, NotOurs, NotPassed, write_certificate
from checker.contract import ContractError
from checker.magics.output import html_output, sentence
from checker.matrix_picture import kill_matrix
from checker.notebook.reader import NotebookError
from checker.progress import Progress
from checker.report.html import framed
from checker.verdict import Verdict


@magics_class
class CertificateMagics(Magics):
    """`root` is the project's folder, `verdicts` what this kernel graded last, by exercise."""

    def __init__(self, shell, root: Path, progress: Progress, verdicts: Mapping[str, Verdict]) -> None:
        super().__init__(shell)
        self._root, self._progress, self._verdicts = root, progress, verdicts

    @line_magic
    def matrix(self, line: str) -> None:
        """Draw which test caught which bug, in the last grading of an exercise: `%matrix 15.3`."""
        id = line.strip()
        if (verdict := self._verdicts.get(id)) and verdict.matrix:
            bugs = [version.name for version in verdict.of("mutant")]
            display(kill_matrix(verdict.matrix, bugs))
        elif (passed := self._progress.passes().get(id)) and passed.matrix and not verdict:
            display(kill_matrix(passed.matrix, passed.bugs))
        else:
            display(sentence(_no_matrix(id)))

    @no_var_expand
    @line_magic
    def certificate(self, line: str) -> None:
        """Write the certificate into the project's folder: `%certificate Ada Lovelace`, or without a name."""
        try:
            write_certificate(self._root, self._root / FILE, line.strip(), self._progress)
        except (NotPassed, NotOurs, NotebookError, ContractError) as error:
            display(sentence(str(error)))
            return
        said = f"Your certificate is in the project's folder: {FILE}"
        # Exercises lie one folder below it.
        link = f'<a href="../{escape(FILE)}" target="_blank">{escape(FILE)}</a>'
        display(html_output(said, framed(f"<div>Your certificate is in the project's folder: {link}</div>")))


def _no_matrix(id: str) -> str:
    if not id:
        return "Which exercise? Write its id: `%matrix 15.3`."
    return (
        f"There is no matrix of exercise {id} yet: no bug was tried. Run its cells; bugs are tried when every "
        "correct program is accepted."
    )
