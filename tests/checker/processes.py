"""Looks at processes that may end between two looks at them."""

import contextlib

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
