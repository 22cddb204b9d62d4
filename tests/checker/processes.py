"""Looks at processes that may end between two looks at them, and at ports."""

import contextlib
import socket

import psutil


def gone(*pids: int, seconds: float = 20) -> bool:
    """Whether all have ended within so many seconds; a zombie has."""
    left = []
    for pid in pids:
        with contextlib.suppress(psutil.NoSuchProcess):
            left.append(psutil.Process(pid))
    _, alive = psutil.wait_procs(left, timeout=seconds)
    for process in alive:
        with contextlib.suppress(psutil.NoSuchProcess):
            if process.status() != psutil.STATUS_ZOMBIE:
                return False
    return True


def owned_by(pid: int) -> list[psutil.Process]:
    """The processes that were told that they are this one's, also those that lost their parent."""
    found = []
    for one in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if one.environ().get("ASSERT_AWAIT_OWNER") == str(pid):
                found.append(one)
    return found


def listens(port: int) -> bool:
    """Whether a server answers at this port. JupyterLab says that it runs a moment before it does."""
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0
