"""A clone of the project in small: the real set-up, one tiny package to install, no network needed."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

CHECKER = Path(__file__).parents[2] / "checker"
SET_UP = ("__init__.py", "__main__.py", "bootstrap.py", "installation.py", "pins.py")
EXIT_CODE = 7

PYPROJECT = """\
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]

[project]
name = "assert-await"
version = "0.1.0"
"""

# Builds the editable install without setuptools, which would have to be downloaded, and leaves an egg-info
# behind as setuptools does. While the file `hold` is there it says that it has begun and waits, so that a
# test can interrupt pip in the middle.
BACKEND = """\
import pathlib, time, zipfile

def build_editable(folder, config_settings=None, metadata_directory=None):
    while pathlib.Path("hold").exists():
        pathlib.Path("held").touch()
        time.sleep(0.01)
    info = "assert_await-0.1.0.dist-info/"
    egg_info = pathlib.Path("assert_await.egg-info")
    egg_info.mkdir(exist_ok=True)
    (egg_info / "PKG-INFO").write_text("Metadata-Version: 2.1\\nName: assert-await\\nVersion: 0.1.0\\n")
    name = "assert_await-0.1.0-py3-none-any.whl"
    with zipfile.ZipFile(pathlib.Path(folder, name), "w") as wheel:
        wheel.writestr("assert_await.pth", str(pathlib.Path.cwd()))
        wheel.writestr(info + "METADATA", "Metadata-Version: 2.1\\nName: assert-await\\nVersion: 0.1.0\\n")
        wheel.writestr(info + "WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr(info + "RECORD", "")
    return name
"""

CLI = f"""\
import json, sys

def main(argv):
    print(json.dumps([sys.prefix, argv]))
    return {EXIT_CODE}
"""

# Takes modules away, as Debian does without python3-venv.
SITECUSTOMIZE = "import os, sys\nsys.modules.update(dict.fromkeys(os.environ['ABSENT'].split()))\n"


def make_clone(root: Path) -> Path:
    (root / "checker").mkdir(parents=True)
    for name in SET_UP:
        shutil.copy(CHECKER / name, root / "checker" / name)
    (root / "checker" / "cli.py").write_text(CLI)
    (root / "pyproject.toml").write_text(PYPROJECT)
    (root / "backend.py").write_text(BACKEND)
    (root / "requirements.txt").write_text("-c constraints.txt\ntiny==1.0\n-e .\n")
    (root / "requirements-postgres.txt").write_text("-c constraints.txt\n")
    (root / "requirements-dev.txt").write_text("-r requirements.txt\n-r requirements-postgres.txt\n")
    (root / "constraints.txt").write_text("# nothing more\n")
    add_wheel(root, "1.0")
    return root


def add_wheel(root: Path, version: str) -> None:
    """Publish the package `tiny` in the clone's own index."""
    (root / "wheels").mkdir(exist_ok=True)
    info = f"tiny-{version}.dist-info/"
    with zipfile.ZipFile(root / "wheels" / f"tiny-{version}-py3-none-any.whl", "w") as wheel:
        wheel.writestr("tiny.py", f"version = '{version}'\n")
        wheel.writestr(info + "METADATA", f"Metadata-Version: 2.1\nName: tiny\nVersion: {version}\n")
        wheel.writestr(info + "WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(info + "RECORD", "")


def environment(root: Path, *, absent: str = "", index: bool = True) -> dict[str, str]:
    """A learner's environment: `absent` are modules this Python lacks, `index`: can packages be had?"""
    environ = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PIP_", "CHECKER_", "PYTHON")) and name not in ("CI", "VIRTUAL_ENV")
    }
    environ |= {"PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": os.devnull}
    if index:
        environ["PIP_FIND_LINKS"] = (root / "wheels").as_uri()  # pip splits a path at its spaces
    if absent:
        folder = root / "absent"
        folder.mkdir(exist_ok=True)
        (folder / "sitecustomize.py").write_text(SITECUSTOMIZE)
        environ |= {"PYTHONPATH": str(folder), "ABSENT": absent}
    return environ


def run(
    root: Path, *argv: str, python: Path | str = sys.executable, **wants
) -> subprocess.CompletedProcess[str]:
    """`python -m checker ARGV` in the clone, as a learner types it."""
    return subprocess.run(
        [python, "-m", "checker", *argv],
        cwd=root,
        env=environment(root, **wants),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )
