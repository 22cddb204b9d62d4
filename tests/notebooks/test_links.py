"""What README, CONTRIBUTING and the notebooks point to exists."""

import json
import re
from pathlib import Path

import pytest

from checker.cli import commands
from checker.contract import load_all

ROOT = Path(__file__).parents[2]
PROSE = [ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
NOTEBOOKS = [path for folder in ("notebooks", "solutions") for path in sorted((ROOT / folder).glob("*.ipynb"))]


def prose_of(path: Path) -> str:
    if path.suffix == ".md":
        return path.read_text(encoding="utf-8")
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")


@pytest.mark.parametrize("path", [*PROSE, *NOTEBOOKS], ids=lambda path: f"{path.parent.name}/{path.name}")
def test_each_relative_link_leads_somewhere(path):
    links = re.findall(r"\]\((?!https?:|#)([^)#\s]+)", prose_of(path))
    assert [link for link in links if not (path.parent / link).exists()] == []


def test_the_readme_names_every_lesson():
    named = re.findall(r"\]\(notebooks/([^)]+\.ipynb)\)", prose_of(ROOT / "README.md"))
    assert list(dict.fromkeys(named)) == [path.name for path in NOTEBOOKS if path.parent.name == "notebooks"]


def test_the_readme_leads_to_every_exercise_and_to_none_that_is_not_there():
    patterns = prose_of(ROOT / "README.md").partition("### Find a pattern")[2].partition("### Exit codes")[0]
    assert set(re.findall(r"\b\d{1,2}\.\d{1,2}\b", patterns)) == set(load_all(ROOT)) - {"0.1", "0.2", "0.3"}


@pytest.mark.parametrize("path", PROSE, ids=lambda path: path.name)
def test_each_command_that_is_named_exists(path):
    named = set(re.findall(r"python3 -m checker ([a-z]+)", prose_of(path)))
    assert named and named - set(commands.commands) == set()


def test_each_command_has_help_with_an_example():
    assert [name for name, command in commands.commands.items() if "Example: " not in (command.help or "")] == []
