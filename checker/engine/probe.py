"""Tries a sandbox out before anything is graded in it: a trial of our own does what a hostile answer would."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path

import psutil

from checker.engine import Engine, EngineError, Trial
from checker.engine.bounds import DESCRIPTORS, MEMORY, PROCESSES
from checker.engine.isolation import Facts
from checker.engine.processes import kill, private_folder, remove
from checker.engine.sandbox import SPACE

ATTEMPTS = Path(__file__).parent / "probing.py"
SECONDS = 20.0
_NAME = 15  # the longest name that Linux keeps of a process


def probe(engine: Engine) -> Facts:
    """What was contained. Raises `EngineError` where the probe itself did not run to its end."""
    daemon = f"probe-{secrets.token_hex(8)}"[:_NAME]
    with _canaries() as canaries, _listener() as server:
        outside = {
            "canaries": canaries,
            "port": server.getsockname()[1],
            "supervisor": os.getpid(),
            "memory": MEMORY,
            "processes": PROCESSES,
            "descriptors": DESCRIPTORS,
            "space": SPACE,
            "daemon": daemon,
        }
        files = {"test_probe.py": ATTEMPTS.read_text(encoding="utf-8")}
        trial = Trial(files, explain=True, seconds=SECONDS, env={"PROBE": json.dumps(outside)})
        [(_, record)] = engine.run([trial])
        reached = _connected(server)
    managed = {name: done for run in record.tests for name, done in run.properties.items()}
    missing = [one.name for one in fields(Facts) if not isinstance(managed.get(one.name), bool)]
    if record.end != "finished" or missing:
        said = next((run.message for run in record.tests if run.outcome != "passed"), record.output)
        raise EngineError(f"The sandbox could not be tried out ({record.end}: {(said.splitlines() or ['?'])[0]}).")
    facts = {name: not managed[name] for name in managed}
    facts["network_closed"] = facts["network_closed"] and not reached
    facts["daemons_end"] = not survivors(daemon)
    return Facts(**facts)


def survivors(name: str) -> list[int]:
    """The processes of that name that still run; they are ended."""
    found = [one for one in psutil.process_iter(["name", "status"]) if one.info["name"] == name]
    alive = [one for one in found if one.info["status"] != psutil.STATUS_ZOMBIE]
    kill(alive)
    return [one.pid for one in alive]


@contextmanager
def _canaries() -> Iterator[list[str]]:
    """Files that a trial must not be able to read: one of ours beside the trials' folders, and the checker's own."""
    folder = private_folder()
    try:
        canary = folder / "canary"
        canary.write_text("x", encoding="ascii")
        yield [str(canary), str(Path(__file__)), str(Path.home() / ".profile"), "/etc/passwd"]
    finally:
        remove(folder)


@contextmanager
def _listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield server


def _connected(server: socket.socket) -> bool:
    with contextlib.suppress(BlockingIOError):
        server.accept()[0].close()
        return True
    return False
