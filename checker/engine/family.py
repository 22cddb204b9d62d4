"""Processes seen from inside: who reaps orphans, who dies with whom. Trials import it, so it stands alone."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
from typing import NoReturn

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def become_reaper() -> None:
    """From now on, a descendant whose parent ends becomes our child instead of the system's. Linux only."""
    _prctl(PR_SET_CHILD_SUBREAPER, 1)


def die_with_parent(by: int = signal.SIGKILL) -> None:
    """Ends this process, by that signal, when its parent ends. Linux only."""
    _prctl(PR_SET_PDEATHSIG, by)


def end_as(status: int) -> NoReturn:
    """Ends this process as a child ended whose wait status this is."""
    code = os.waitstatus_to_exitcode(status)
    if code < 0:
        with contextlib.suppress(OSError):
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code & 0xFF)


def kill_children(spared: set[int] = frozenset()) -> bool:
    """Kills the children of this process but the spared ones; whether there were any."""
    found = [pid for pid in _children() if pid not in spared]
    for pid in found:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return bool(found)


def kill_group(leader: int) -> None:
    """Kills a process and all that stayed in its group."""
    for kill in (os.killpg, os.kill):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            kill(leader, signal.SIGKILL)


def _children() -> list[int]:
    try:
        with open(f"/proc/self/task/{os.getpid()}/children", encoding="ascii") as file:
            return [int(pid) for pid in file.read().split()]
    except OSError:
        import psutil

        return [process.pid for process in psutil.Process().children()]
