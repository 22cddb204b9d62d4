"""Starts a kernel in a sandbox: `python -I launch.py PID UID ROOT CONNECTION`, as the command of a kernel spec.

PID is the sandbox's first process, UID who the kernel is in it, ROOT the project, of which the sandbox shows what the
kernel needs, CONNECTION the file that says where the kernel shall listen. Imports nothing of the checker but how to
enter.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "engine"))

from bounds import KEPT_ENV  # noqa: E402
from enter import close_all_but, enter, limits  # noqa: E402

FOLDER = Path("/trial")
SOCKETS = "kernel"
# A kernel has a dozen threads, and an exercise cell starts an engine of its own.
BOUNDS = limits(memory=4 * 2**30, processes=256, descriptors=1024, largest_file=64 * 2**20)


def main() -> None:
    """Never returns: it becomes the kernel."""
    pid, uid, root, connection = sys.argv[1:]
    information = json.loads(Path(connection).read_text(encoding="utf-8"))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interrupt is for the kernel, not for who waits for it
    enter(os.pidfd_open(int(pid)), int(uid), BOUNDS)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    close_all_but({2})
    os.chdir(FOLDER)
    os.mkdir("tmp")
    own = FOLDER / "connection.json"
    own.write_text(json.dumps(information | {"ip": str(FOLDER / SOCKETS)}), encoding="utf-8")
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1):
        os.dup2(nothing, standard)
        os.set_inheritable(standard, True)
    os.execve(sys.executable, [sys.executable, "-m", "ipykernel_launcher", "-f", str(own)], _environment(root))


def _environment(root: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in (*KEPT_ENV, "PYTEST_VERSION") if name in os.environ}
    folders = ("HOME", "IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR")
    return (
        kept
        | {name: str(FOLDER) for name in folders}
        | {name: str(FOLDER / "tmp") for name in ("TMPDIR", "TEMP", "TMP")}
        | {"PYTHONPATH": root, "PYDEVD_DISABLE_FILE_VALIDATION": "1", "MALLOC_ARENA_MAX": "2"}
    )


if __name__ == "__main__":
    main()
