"""What a figure was measured on: the machine, and the state of the checkout."""

from __future__ import annotations

import platform
import subprocess
from pathlib import Path

import psutil

from checker.engine.processes import processors

ROOT = Path(__file__).resolve().parent.parent


def machine() -> dict[str, object]:
    """Processors, memory in GiB, system, Python."""
    return {
        "processor": _model(),
        "processors": processors(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
    }


def checkout() -> dict[str, object]:
    """`commit`: the full hash; `clean`: whether the tracked files are those of the commit.

    In a copy that git knows nothing of, the commit is `unknown` and not clean.
    """
    try:
        commit = _git("rev-parse", "HEAD")
        changed = _git("status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.CalledProcessError):
        return {"commit": "unknown", "clean": False}
    return {"commit": commit, "clean": not changed}


def _git(*words: str) -> str:
    return subprocess.run(
        ["git", *words], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.strip()


def _model() -> str:
    """The processor's name, as far as the system tells it."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
