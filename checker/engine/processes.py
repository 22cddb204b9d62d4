"""What a supervisor needs to know of processes: how slow the machine is, how to end a whole tree, private folders."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import tempfile
from collections.abc import Iterable
from pathlib import Path

import psutil

TAIL = 8192
OURS = "assert-await-"
_OWNER = "ASSERT_AWAIT_OWNER"
MEMORY = Path("/dev/shm")


def processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def slowness() -> float:
    """By what a deadline is stretched: the load a processor, between 1 and 8."""
    if not hasattr(os, "getloadavg"):
        return 2.0
    return min(8.0, max(1.0, os.getloadavg()[0] / processors()))


def kill_tree(pid: int) -> None:
    """Ends a process, its group and all that descends from it, also what left the group."""
    try:
        root = psutil.Process(pid)
        family = [*root.children(recursive=True), root]
    except psutil.NoSuchProcess:
        family = []
    if hasattr(os, "killpg"):
        try:
            os.killpg(pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            pass
    kill(family)


def kill(family: Iterable[psutil.Process]) -> None:
    """Ends each process that is still there."""
    for process in family:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            pass


def kill_within(folder: Path) -> None:
    """Ends every process that belongs to a trial of this folder, whoever its parent is by now.

    Costs a look at all processes: for when the one that would have swept them was itself killed.
    """
    for process in psutil.process_iter():
        try:
            if Path(process.environ().get("HOME", "/")).is_relative_to(folder):
                process.kill()
        except (psutil.Error, OSError):
            continue


def private_folder(within: Path | None = None) -> Path:
    """A new folder with a neutral name. Outside of another one, its name tells whose it is: see `remove_left_over`."""
    if within is not None:
        return Path(tempfile.mkdtemp(prefix="trial-", dir=within))
    return own_folder("trial", space=256 * 2**20)


def own_folder(what: str, *, space: int) -> Path:
    """A new folder whose name says what it is for and whose it is: see `remove_left_over`.

    It lies in memory where more than `space` bytes are free there: a database waits for a disk, and a disk takes ten
    times as long to make a file.
    """
    roomy = MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > space
    prefix = f"{OURS}{what}-{os.getpid()}-"
    return Path(tempfile.mkdtemp(prefix=prefix, dir=MEMORY if roomy else None)).resolve()


def remove_left_over() -> None:
    """Removes what `own_folder` made for processes that are gone: they were killed while nobody else watched over it.

    The name alone decides, so it is one that nobody else gives.
    """
    for place in {MEMORY, Path(tempfile.gettempdir())}:
        for folder in place.glob(f"{OURS}*"):
            made = re.fullmatch(rf"{OURS}[a-z]+-(\d+)-\w{{8}}", folder.name)
            if made and not psutil.pid_exists(int(made[1])):
                remove(folder)


def owned() -> dict[str, str]:
    """The environment of a process that must not outlive this one: see `end_left_over`."""
    return {**os.environ, _OWNER: str(os.getpid())}


def end_left_over(name: str) -> None:
    """Ends the processes of this name that were started with `owned()` by one that is gone.

    bubblewrap forks, and its child follows its parent into death only a millisecond later: one that is killed just then
    leaves the child waiting for ever.
    """
    for process in psutil.process_iter(["name"]):
        with contextlib.suppress(psutil.Error, OSError, ValueError):
            owner = process.environ().get(_OWNER) if process.info["name"] == name else None
            if owner and not psutil.pid_exists(int(owner)):
                process.kill()


def listing(folder: Path) -> list[str]:
    """The files below a folder, relative, at most 500, links not followed."""
    found = []
    for path, _, names in os.walk(folder):
        for name in names:
            found.append(Path(path, name).relative_to(folder).as_posix())
            if len(found) == 500:
                return sorted(found)
    return sorted(found)


def remove(folder: Path) -> None:
    """Deletes a private folder, whatever modes its contents were left with."""

    def retry(function, path, _error):
        try:
            # Never what is above the folder, such as /dev/shm: others need that as it is. Nor what a link points to.
            for one in (os.path.dirname(path), path):
                if Path(one).is_relative_to(folder) and not os.path.islink(one):
                    os.chmod(one, 0o700)
            function(path)
        except OSError:
            pass

    shutil.rmtree(folder, onerror=retry)
