"""The start notebook is where a learner finds the lessons."""

import json
import re
from pathlib import Path

import pytest

LESSONS = Path(__file__).parents[2] / "notebooks"
START = LESSONS / "00_start_here.ipynb"


@pytest.fixture
def links():
    """What the start notebook links to, as it is written there."""
    cells = json.loads(START.read_text(encoding="utf-8"))["cells"]
    prose = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    return re.findall(r"\]\(([^)#]+\.ipynb)\)", prose)


def test_it_links_to_every_lesson(links):
    lessons = {path.name for path in LESSONS.glob("[0-9][0-9]_*.ipynb")}
    assert lessons - set(links) == set(), "add a row to the table of lessons in notebooks/00_start_here.ipynb"


def test_it_links_to_the_exercises_of_every_lesson_that_it_names(links):
    lessons = {link for link in links if "/" not in link}
    exercises = {link.removeprefix("../exercises/") for link in links if link.startswith("../exercises/")}
    assert lessons == exercises


def test_each_link_leads_to_a_notebook(links):
    dead = [link for link in links if not (LESSONS / link).is_file()]
    assert dead == []
