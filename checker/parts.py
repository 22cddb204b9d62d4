"""The parts of the project's test run, and what each of them needs."""

import importlib.util
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from checker.bootstrap import ROOT
from checker.contract import load_all, number
from checker.engine.databases import absent, remedy
from checker.engine.processes import processors
from checker.engine.sandbox import why_not
from checker.kernel import SANITIZED

PYTEST = (sys.executable, "-m", "pytest", "-q", "--color=no", "-p", "no:cacheprovider")
# `verify` keeps every processor busy by itself: the tests beside it take no more than half of them.
AT_A_TIME = 2
SHARE = max(1, processors() // AT_A_TIME)
CELL_SECONDS = 120  # nbval would wait 2000 s for a cell
TEST_SECONDS = 300
DEVELOPER = f"{sys.executable} -m pip install -r requirements-dev.txt"

SANDBOXES = "sudo apt install bubblewrap && sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"


@dataclass(frozen=True)
class Part:
    """One command of the run; `what` completes "name: …" while it runs."""

    name: str
    what: str
    command: tuple[str, ...]


@dataclass(frozen=True)
class NotRun:
    """What is left out: the reason, and the command that would let it run."""

    name: str
    reason: str
    command: str


def plan(root: Path, wanted: tuple[str, ...]) -> tuple[list[Part], list[NotRun]]:
    """What of `wanted` can run on this machine and in this folder, and what cannot."""
    planned = [item for name in PARTS if name in wanted for item in PARTS[name](root)]
    return (
        [item for item in planned if isinstance(item, Part)],
        [item for item in planned if isinstance(item, NotRun)],
    )


def _tests(root: Path) -> list[Part | NotRun]:
    """The tests whose marker stands for something absent are deselected by name, never skipped."""
    absent = [
        NotRun(f"tests marked {marker}", reason, command)
        for marker, (reason, command) in _missing().items()
        if any(f"mark.{marker}" in path.read_text(encoding="utf-8") for path in root.glob("tests/**/*.py"))
    ]
    markers = " and ".join(f"not {item.name.rpartition(' ')[2]}" for item in absent)
    select = ("-m", markers) if markers else ()
    # nbval is for notebooks: loading it costs each pytest process a second.
    command = (*PYTEST, "-p", "no:nbval", "-n", str(SHARE), f"--timeout={TEST_SECONDS}", *select, "tests")
    return [Part("tests", "the tests of the app and of the checker", command), *absent]


def _notebooks(root: Path) -> list[Part | NotRun]:
    """A notebook whose lesson needs what is absent is left out by its name."""
    items: list[Part | NotRun] = []
    folders = [name for name in ("notebooks", "solutions") if _has_notebooks(root / name)]
    # A kernel imports the app, which would take the server of DATABASE_URL for its own database.
    reason = absent(elsewhere=False)
    left_out = [
        path.relative_to(root).as_posix()
        for lesson in (_needing(root, "lesson") if reason else ())
        for path in (root / folder / f"{lesson}.ipynb" for folder in folders)
        if path.exists()
    ]
    if folders:
        ignored = [f"--ignore={name}" for name in left_out]
        compared = ("--nbval", f"--nbval-sanitize-with={SANITIZED}", f"--nbval-cell-timeout={CELL_SECONDS}")
        command = (*PYTEST, *compared, *ignored, *folders)
        items.append(Part("notebooks", f"every cell of {' and '.join(folders)}, outputs compared", command))
    items += [NotRun(name, reason, remedy()) for name in left_out]
    return items + _withheld(root, "notebooks of solutions/")


def _exercises(root: Path) -> list[Part | NotRun]:
    """Exercise notebooks have no outputs to compare: every cell must run."""
    if not _has_notebooks(root / "exercises"):
        return [NotRun("exercises", f"{root / 'exercises'} has no notebooks", "python3 -m checker build")]
    command = (*PYTEST, "--nbval-lax", f"--nbval-cell-timeout={CELL_SECONDS}", "exercises")
    return [Part("exercises", "every cell of exercises", command)]


def _verify(root: Path) -> list[Part | NotRun]:
    """A lesson that needs what is absent is left out: the others are named by their numbers."""
    if withheld := _withheld(root, "verify"):
        return withheld
    reason = absent()
    left_out = {number(lesson) for lesson in (_needing(root, "lesson") if reason else ())}
    proved = {number(path.stem) for path in root.glob("tests/answers/[0-9][0-9]_*.toml")} - left_out
    chosen = sorted(proved, key=int) if left_out else []
    command = (sys.executable, "-m", "checker", "verify", *chosen)
    return [
        *([Part("verify", "the proof of every exercise", command)] if proved else []),
        *(NotRun(f"verify {lesson}", reason, remedy()) for lesson in sorted(left_out, key=int)),
    ]


def _build(root: Path) -> list[Part | NotRun]:
    command = (sys.executable, "-m", "checker", "build", "--check")
    return _withheld(root, "build --check") or [Part("build", "exercises are what solutions make", command)]


def _postgresql(root: Path) -> list[Part | NotRun]:
    """The app's tests once more: on the server that `DATABASE_URL` names, or on the optional package's."""
    command = (*PYTEST, "-p", "no:nbval", f"--timeout={TEST_SECONDS}", "tests/app")
    if reason := absent():
        return [NotRun("app on PostgreSQL", reason, remedy())]
    starter = (sys.executable, "-m", "checker.postgresql")
    return [Part("postgresql", "the tests of the app on PostgreSQL", (*starter, *command))]


def _missing() -> dict[str, tuple[str, str]]:
    """By marker, for what this machine lacks: the reason and the command that provides it."""
    missing = {}
    if shutil.which("chromium") is None:
        missing["browser"] = ("chromium is not installed", "sudo apt install chromium")
    elif not _importable("playwright"):
        missing["browser"] = ("playwright is not installed", DEVELOPER)
    if reason := absent(elsewhere=False):
        missing["postgres"] = (reason, remedy())
    if not _has_peers(ROOT):
        command = f"{sys.executable} benchmarks/environments.py"
        missing["peers"] = ("the environments of the tools that benchmarks compare with are not made", command)
    if reason := why_not():
        missing["isolation"] = (reason.rstrip("."), SANDBOXES)
    return missing


def _has_peers(root: Path) -> bool:
    """Whether `benchmarks/environments.py` has made all that `benchmarks/peers` describes."""
    made = root / "benchmarks" / ".environments"
    return all((made / file.stem / "complete").exists() for file in root.glob("benchmarks/peers/*.txt"))


def _needing(root: Path, what: str) -> list[str]:
    """The ids, or the lessons, of the exercises that need PostgreSQL."""
    needing = (exercise for exercise in load_all(root).values() if exercise.needs)
    return list(dict.fromkeys(getattr(exercise, what) for exercise in needing))


def _importable(name: str) -> bool:
    return importlib.util.find_spec(name) is not None


def _has_notebooks(folder: Path) -> bool:
    return any(folder.glob("*.ipynb"))


def _withheld(root: Path, name: str) -> list[Part | NotRun]:
    if _has_notebooks(root / "solutions"):
        return []
    return [
        NotRun(
            name,
            f"{root / 'solutions'} was withheld from this copy",
            "python3 -m checker test in a full copy",
        )
    ]


# The long ones first: they start first.
PARTS = {
    "tests": _tests,
    "verify": _verify,
    "notebooks": _notebooks,
    "exercises": _exercises,
    "build": _build,
    "postgresql": _postgresql,
}
