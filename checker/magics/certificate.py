"""`%certificate`: what a suite caught, for others to see."""

from __future__ import annotations

from html import escape
from pathlib import Path

from IPython.core.magic import Magics, line_magic, magics_class, no_var_expand
from IPython.display import display

from checker.certificate import FILE, NotOurs, NotPassed, write_certificate
from checker.contract import ContractError
from checker.magics.output import html_output, sentence
from checker.notebook.reader import NotebookError
from checker.progress import Progress
from checker.report.html import framed


@magics_class
class CertificateMagics(Magics):
    """`root` is the project's folder."""

    def __init__(self, shell, root: Path, progress: Progress) -> None:
        super().__init__(shell)
        self._root, self._progress = root, progress

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
