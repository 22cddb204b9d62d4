"""The first run on a bare machine: make `.venv` from requirements.txt and run the command again in it.

Standard library only. An environment that has the pinned packages is used as it is, whoever made it.
`.venv/assert-await.json` says whether an environment of ours is complete: it is `{}` while one is being
made and is written in full last, so that an interrupted set-up is never taken for a finished one.
"""

import contextlib
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from checker.installation import SetUpError, install, pip_command

ROOT = Path(__file__).resolve().parent.parent
STAMP = "assert-await.json"
SPACE = 600 * 1024**2  # bytes that a set-up needs for a moment: .venv is half of it, pip's cache the rest
FULL = 20 * 1024**2  # bytes; a set-up that fails with less than this left has filled the disk
HELP = ([], ["--help"], ["-h"], ["help"])
SET_UP_FAILED = 3
INTERRUPTED = 130


def ensure_environment(argv: list[str], root: Path = ROOT) -> int | None:
    """None when the command can go on in this process, else the exit code of what was done instead.

    On POSIX a run in `.venv` replaces this process; elsewhere it is a child whose exit code is returned.
    `CHECKER_SETUP=off` uses the running interpreter whatever it has installed.
    """
    already_entered = os.environ.pop("CHECKER_ENTERED", None)
    if os.environ.get("CHECKER_SETUP") == "off":
        return None
    names = requirement_files(argv, os.environ)
    venv = root / ".venv"
    try:
        inside = venv.is_dir() and os.path.samefile(sys.prefix, venv)
        if inside and _stamp(venv) is not None:
            ready = is_complete(root, names)
        else:
            ready = has_packages(root, names, sys.path)
        if ready:
            return None
        if already_entered:
            raise SetUpError(f"{venv} does not work as an environment. Delete it and run the command again.")
        if not is_complete(root, names):
            if argv in HELP:
                print(_welcome(root))
                return 0
            if sys.prefix != sys.base_prefix and not inside:
                _say(f"The environment {sys.prefix} lacks {_few_lacking(root, names)}; using {venv} instead.")
            set_up(root, names)
        return _enter(venv, argv)
    except SetUpError as error:
        _say(f"checker: {error}")
        return SET_UP_FAILED
    except KeyboardInterrupt:
        _say("\nStopped. The next run starts the set-up again; nothing half made will be used.")
        return INTERRUPTED


def requirement_files(argv: list[str], environ: Mapping[str, str]) -> list[str]:
    """The files to install from: in continuous integration `test` wants the maintainer's packages too."""
    in_ci = environ.get("CI", "").lower() in ("1", "true")
    more = ["requirements-postgres.txt", "requirements-dev.txt"] if in_ci and argv[:1] == ["test"] else []
    return ["requirements.txt", *more]


def is_complete(root: Path, names: list[str]) -> bool:
    """Whether `.venv` can run the checker: ours by its stamp, one made by hand by the packages in it."""
    venv = root / ".venv"
    if not _python(venv).exists():
        return False
    stamp = _stamp(venv)
    if stamp is not None:
        return stamp.items() >= _fingerprint(root, names).items()
    return has_packages(root, names, _site_packages(venv))


def has_packages(root: Path, names: list[str], path: list[str]) -> bool:
    """Whether everything pinned lies on `path`, which is like `sys.path`."""
    return next(_lacking(root, names, path), None) is None


def set_up(root: Path, names: list[str]) -> None:
    """Make or complete `.venv`. Raises SetUpError with what to do."""
    venv = root / ".venv"
    with _errors_explained(root), _alone(root) as lock:
        stamp = _stamp(venv)
        if stamp is not None and not _is_usable(venv, stamp, root):
            shutil.rmtree(venv)
            stamp = None
        elif venv.exists() and not _python(venv).exists():
            raise SetUpError(f"{venv} is not an environment. Move or delete it and run the command again.")
        new = not venv.exists()
        free = shutil.disk_usage(root).free
        if new and free < SPACE:
            raise SetUpError(_disk_full(root, free))
        count = _count_pins(root, [*names, "constraints.txt"])
        _say(
            f"{'Setting up' if new else 'Completing'} {venv}: "
            f"about {count} packages, 300 MB, one to three minutes.\n"
            "This happens once. Ctrl+C stops it; the next run starts it again."
        )
        if new:
            venv.mkdir()
            _write_stamp(venv, {})
        python = _python(venv)
        pip = pip_command(venv, python)
        site_packages = [Path(folder) for folder in _site_packages(venv)]
        install(pip, root / names[-1], count=count, site_packages=site_packages, lock=lock)
        _write_stamp(venv, (stamp or {}) | _fingerprint(root, names))
        _say("Set up.")


def _is_usable(venv: Path, stamp: dict[str, str], root: Path) -> bool:
    """False for one that is half made, has lost its Python, or has scripts that name another folder."""
    return stamp.get("root") == str(root) and _python(venv).exists()


def _enter(venv: Path, argv: list[str]) -> int:
    """Run the command again with the environment's Python."""
    python = str(_python(venv))
    environ = os.environ | {
        "VIRTUAL_ENV": str(venv),
        "PATH": os.pathsep.join([str(_python(venv).parent), os.environ.get("PATH", os.defpath)]),
        "CHECKER_ENTERED": "1",
    }
    environ.pop("PYTHONHOME", None)
    command = [python, "-m", "checker", *argv]
    sys.stdout.flush()
    sys.stderr.flush()
    if os.name == "posix":
        os.execve(python, command, environ)
    process = subprocess.Popen(command, env=environ)
    while True:
        # Ctrl+C reaches the child as well: it decides what that means.
        with contextlib.suppress(KeyboardInterrupt):
            return process.wait()


def _fingerprint(root: Path, names: list[str]) -> dict[str, str]:
    """What a complete environment's stamp holds; the folder, since an editable install points there."""
    files = [*names, "constraints.txt"]
    return {"root": str(root)} | {
        name: hashlib.sha256((root / name).read_bytes()).hexdigest() for name in files
    }


def _stamp(venv: Path) -> dict[str, str] | None:
    """The stamp; `{}` when a set-up was interrupted, None when the environment is not of our making."""
    try:
        return json.loads((venv / STAMP).read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except ValueError:
        return {}


def _write_stamp(venv: Path, content: dict[str, str]) -> None:
    (venv / STAMP).write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def _python(venv: Path) -> Path:
    return venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def _site_packages(venv: Path) -> list[str]:
    pattern = "Lib/site-packages" if os.name == "nt" else "lib/python3*/site-packages"
    return [str(folder) for folder in venv.glob(pattern)]


@contextlib.contextmanager
def _alone(root: Path) -> Iterator[int | None]:
    """Hold the folder's lock, so that two set-ups do not write into one `.venv`. Yields its descriptor.

    The lock is inherited by pip: it lasts until the last of them has gone, however this process ends.
    """
    if os.name != "posix":
        yield None
        return
    import fcntl

    descriptor = os.open(root, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield descriptor
    except BlockingIOError:
        raise SetUpError(
            f"another set-up of {root / '.venv'} is running. Wait until it has finished, then run this again."
        ) from None
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _errors_explained(root: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, SetUpError) as error:
        # A full disk has many faces: venv hides it behind the exit code of a command.
        free = shutil.disk_usage(root).free
        if free < FULL:
            raise SetUpError(_disk_full(root, free)) from error
        if isinstance(error, SetUpError):
            raise
        raise SetUpError(
            f"cannot write in {root}: {error.strerror}. "
            "Copy the folder to a place where you may write, and run the command there."
        ) from error


def _disk_full(root: Path, free: int) -> str:
    return (
        f"not enough room for {root / '.venv'}: {free // 1024**2} MB are free, "
        f"{SPACE // 1024**2} MB are needed. Make room on that disk, "
        "or move the folder to another one, and run the command again."
    )


def _welcome(root: Path) -> str:
    return (
        "assert await: learn to test async Python by writing tests that are tested themselves.\n\n"
        "  python3 -m checker lab     open the lessons in JupyterLab\n"
        "  python3 -m checker test    run every test of the project\n\n"
        f"Nothing is set up yet: the first of them makes {root / '.venv'} (300 MB, one to three minutes)."
    )


def _lacking(root: Path, names: list[str], path: list[str]) -> Iterator[str]:
    # Imported late: importlib.metadata costs 25 ms that a run in a stamped environment does not need.
    from checker.pins import lacking

    return lacking(root, names, path)


def _few_lacking(root: Path, names: list[str]) -> str:
    things = list(_lacking(root, names, sys.path))
    return ", ".join(things[:3]) + (f" and {len(things) - 3} more" if len(things) > 3 else "")


def _count_pins(root: Path, names: list[str]) -> int:
    from checker.pins import pins

    return sum(1 for _ in pins(root, names))


def _say(text: str) -> None:
    # Standard output belongs to the command: it may be JSON.
    print(text, file=sys.stderr, flush=True)
