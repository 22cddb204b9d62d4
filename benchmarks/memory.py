"""How much memory a process and all that descends from it take, looked at again and again while it runs."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import psutil

MIB = 2**20


@dataclass
class Watched:
    """What was seen: (seconds since the start, MiB). Proportional set sizes: shared pages are counted once."""

    seen: list[tuple[float, float]] = field(default_factory=list)

    @property
    def peak(self) -> float:
        """The most, in MiB."""
        return max((mib for _, mib in self.seen), default=0.0)

    def mean_of_tenth(self, number: int) -> float:
        """The mean of what was seen in one tenth of the time, 0 to 9, in MiB; the peak where that is too short."""
        end = self.seen[-1][0] if self.seen else 0.0
        part = [mib for at, mib in self.seen if number * end <= 10 * at <= (number + 1) * end]
        return sum(part) / len(part) if part else self.peak


@contextlib.contextmanager
def watch(pid: int, every: float = 0.25) -> Iterator[Watched]:
    """Watches the tree of `pid` while the block runs, every so many seconds."""
    watched, over, began = Watched(), threading.Event(), time.monotonic()

    def look() -> None:
        while not over.wait(every):
            if mib := tree(pid):
                watched.seen.append((time.monotonic() - began, mib))

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield watched
    finally:
        over.set()
        thread.join()


def tree(pid: int) -> float:
    """What a process and its descendants take now, in MiB; 0 when it is gone."""
    try:
        family = [process := psutil.Process(pid), *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0.0
    return sum(of(process, "pss") for process in family)


def of(process: psutil.Process, kind: str) -> float:
    """`rss`, `pss` or `uss` (its own alone) of one process in MiB; 0 when it has ended."""
    with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
        return getattr(process.memory_full_info(), kind) / MIB
    return 0.0
