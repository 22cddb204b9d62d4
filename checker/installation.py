"""Run venv and pip, with visible progress and failures in one sentence. Standard library only."""

import importlib.util
import os
import subprocess
import sys
import threading
from collections import deque
from pathlib import Path

TICK = 0.5  # seconds between two looks at how far pip is
QUIET_TICKS = 20  # ticks between two lines of progress where lines cannot be rewritten


class SetUpError(Exception):
    """The environment cannot be made; the message says what, where and what to do."""


def pip_command(venv: Path, python: Path) -> list[str]:
    """Make the environment `venv` if it is not there; returns the command that runs pip on it.

    Where the standard library's ensurepip is missing (Debian without python3-venv) this interpreter's own pip
    does the work from outside.
    """
    base = getattr(sys, "_base_executable", None) or sys.executable
    if importlib.util.find_spec("venv") is None:
        raise SetUpError(_no_venv("venv"))
    has_ensurepip = importlib.util.find_spec("ensurepip") is not None
    if not python.exists():
        _run([base, "-m", "venv", *([] if has_ensurepip else ["--without-pip"]), str(venv)])
    inside = [str(python), "-I", "-m", "pip"]
    if _works([*inside, "--version"]):
        return inside
    if has_ensurepip:
        _run([str(python), "-I", "-m", "ensurepip", "--default-pip"])
        return inside
    outside = [sys.executable, "-m", "pip", "--python", str(python)]
    if _works([*outside, "--version"]):
        return outside
    raise SetUpError(_no_venv("ensurepip"))


def install(
    pip: list[str], requirements: Path, *, count: int, site_packages: list[Path], lock: int | None
) -> None:
    """Install `requirements`, about `count` packages. Raises SetUpError with pip's reason in one sentence.

    `lock` is a descriptor that pip inherits, so that what it holds is held until pip has gone.
    """
    command = [*pip, "install", "--disable-pip-version-check", "--no-input", "--progress-bar", "off"]
    lines: deque[str] = deque(maxlen=200)
    found: list[str] = []
    process = subprocess.Popen(
        [*command, "-r", str(requirements)],
        cwd=requirements.parent,  # `-e .` means the folder of the requirements
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env=os.environ | {"PIP_USER": "0"},
        pass_fds=() if lock is None else (lock,),
    )
    reader = threading.Thread(target=_read, args=(process.stdout, lines, found), daemon=True)
    reader.start()
    try:
        _show_progress(process, count, site_packages, found)
    except BaseException:
        # No join here: a build that pip started may outlive it and hold the pipe open.
        process.terminate()
        process.wait()
        raise
    finally:
        _end_progress()
    reader.join()
    if process.returncode != 0:
        raise SetUpError(_reason(list(lines), command, requirements))


def _read(stream, lines: deque[str], found: list[str]) -> None:
    with stream:
        for line in stream:
            lines.append(line.rstrip())
            if line.startswith(("Collecting ", "Processing ", "Obtaining ")):
                found.append(line)


def _show_progress(
    process: subprocess.Popen, count: int, site_packages: list[Path], found: list[str]
) -> None:
    ticks = 0
    while process.poll() is None:
        try:
            process.wait(TICK)
        except subprocess.TimeoutExpired:
            installed = sum(1 for folder in site_packages for _ in folder.glob("*.dist-info"))
            text = f"  {len(found)} found, {installed} installed, of about {count}"
            if sys.stderr.isatty():
                print(f"\r{text}   ", end="", file=sys.stderr, flush=True)
            elif ticks % QUIET_TICKS == 0:
                print(text, file=sys.stderr, flush=True)
            ticks += 1


def _end_progress() -> None:
    if sys.stderr.isatty():
        print(file=sys.stderr)


def _works(command: list[str]) -> bool:
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True).returncode == 0


def _run(command: list[str]) -> None:
    result = subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    if result.returncode != 0:
        raise SetUpError(_reason(result.stdout.splitlines(), command, None))


REASONS = (
    (
        ("No space left on device", "Disk quota exceeded"),
        "the disk is full. Make room (about 600 MB, in the temporary folder too) and run the command again.",
    ),
    (
        ("Read-only file system", "Permission denied"),
        "this folder may not be written. Copy it to a place where you may write, and run the command there.",
    ),
    (
        (
            "name resolution",
            "Name or service not known",
            "getaddrinfo failed",
            "NewConnectionError",
            "Connection refused",
            "ConnectTimeoutError",
            "ReadTimeoutError",
            "ProxyError",
            "(from versions: none)",
        ),
        "the package index cannot be reached. Connect to the network (behind a proxy, set HTTPS_PROXY; "
        "for your own index, PIP_INDEX_URL) and run the command again.",
    ),
)


def _reason(lines: list[str], command: list[str], requirements: Path | None) -> str:
    text = "\n".join(lines)
    for signs, sentence in REASONS:
        if any(sign in text for sign in signs):
            return f"setting up stopped: {sentence}"
    errors = [line for line in lines if "ERROR" in line or "Error" in line] or lines
    shown = " ".join([*command, *(["-r", requirements.name] if requirements else [])])
    return f"setting up stopped: {' '.join(errors[-2:])}\nTo see all of it, run: {shown}"


def _no_venv(module: str) -> str:
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    return (
        f"{sys.executable} cannot make an environment: its module {module} is missing. "
        f"On Debian and Ubuntu: sudo apt install python{version}-venv. Elsewhere: install Python from "
        "https://www.python.org/downloads/. Then run the command again."
    )
