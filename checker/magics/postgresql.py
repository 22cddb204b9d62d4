"""`%postgresql`: a database of the real thing, for the cells of a lesson."""

from __future__ import annotations

from IPython.core.error import UsageError
from IPython.core.magic import Magics, line_magic, magics_class
from IPython.display import display

from checker.engine import EngineError
from checker.engine.databases import Databases, absent, remedy
from checker.magics.output import sentence


@magics_class
class PostgresqlMagics(Magics):
    """The magic and the server that it starts."""

    def __init__(self, shell) -> None:
        super().__init__(shell)
        self._databases = Databases()

    def close(self) -> None:
        """End the server."""
        self._databases.close()

    @line_magic
    def postgresql(self, line: str) -> str:
        """Start PostgreSQL for as long as the kernel lives: `url = %postgresql`.

        What it gives is the address of an empty database; run it again for another one.
        """
        # An error, so that "Run All" stops here and not at a test that cannot connect.
        if reason := absent():
            raise UsageError(f"This needs PostgreSQL: {reason}. To get it: {remedy()}")
        try:
            [database] = self._databases.open(1)
        except EngineError as error:
            raise UsageError(str(error)) from None
        display(sentence("PostgreSQL runs for as long as this kernel lives."))
        return database.full_url
