"""Makes the environments of the tools that the checker is measured beside, one each, in a folder that git ignores.

They are for benchmarks alone: nobody who learns or teaches installs them.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import click
from rich.console import Console

from benchmarks.machine import ROOT

FOLDER = Path(__file__).parent / ".environments"
REQUIREMENTS = Path(__file__).parent / "peers"
NAMES = ("mutmut", "otter", "nbgrader", "plot")
# What the sample's tests import. The versions are those of requirements.txt.
TESTED_WITH = ("fastapi", "sqlalchemy", "aiosqlite", "PyJWT", "pytest", "pytest-asyncio", "httpx2")


class NoEnvironment(Exception):
    """An environment is not there, or not as its file says. The message says what to do."""


def binary(name: str, program: str = "python") -> Path:
    """A program of a complete environment. Raises `NoEnvironment`."""
    if not _is_complete(name):
        raise NoEnvironment(f"The environment of {name} is not made. Run: {sys.executable} {__file__}")
    return FOLDER / name / "bin" / program


def are_complete() -> bool:
    """Whether every environment is there as its file says."""
    return all(_is_complete(name) for name in NAMES)


def make(name: str) -> None:
    """Makes one environment anew. Raises `CalledProcessError` with pip's output printed."""
    folder = FOLDER / name
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    tested_with = [] if name == "plot" else _pins()
    pip = [folder / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "-r", REQUIREMENTS / f"{name}.txt", *tested_with], check=True)
    _stamp(name).write_text(_wanted(name), encoding="utf-8")


def versions(name: str) -> dict[str, str]:
    """The versions of all packages in an environment, by name."""
    pip = [binary(name), "-m", "pip", "freeze", "--disable-pip-version-check"]
    lines = subprocess.run(pip, check=True, capture_output=True, text=True).stdout.splitlines()
    return dict(line.split("==") for line in lines if "==" in line)


def _pins() -> list[str]:
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if re.split(r"[\[=]", line)[0] in TESTED_WITH]


def _wanted(name: str) -> str:
    return "\n".join([(REQUIREMENTS / f"{name}.txt").read_text(encoding="utf-8"), *_pins()])


def _stamp(name: str) -> Path:
    return FOLDER / name / "complete"


def _is_complete(name: str) -> bool:
    stamp = _stamp(name)
    return stamp.is_file() and stamp.read_text(encoding="utf-8") == _wanted(name)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--anew", is_flag=True, help="Make all of them, not only those that are missing or outdated.")
def main(anew: bool) -> None:
    """Make the environments of the peers (about a minute, 700 MB)."""
    console = Console(stderr=True)
    for name in NAMES:
        if anew or not _is_complete(name):
            with console.status(f"Making the environment of {name}"):
                make(name)
        click.echo(f"{name}: {FOLDER / name}")


if __name__ == "__main__":
    main()
