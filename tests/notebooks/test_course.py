"""The lessons are one course: each leads to the next, and says its rule in the words of every list of rules."""

import json
import re
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LESSONS = sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))
# The last lesson has no rule of its own.
WITH_A_RULE = LESSONS[:-1]
LISTS = ["README.md", "notebooks/00_start_here.ipynb", "notebooks/15_capstone.ipynb"]


def markdown(path: Path) -> list[str]:
    """The markdown cells of a notebook; of any other file, its text."""
    if path.suffix != ".ipynb":
        return [path.read_text(encoding="utf-8")]
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown"]


def rules(path: Path) -> list[str]:
    """What stands in the last column of a table of rules, a lesson a row."""
    lines = "\n".join(markdown(path)).splitlines()
    [heading] = [number for number, line in enumerate(lines) if re.fullmatch(r"\|.*\| its rule \|", line)]
    rows = lines[heading + 2 : heading + 2 + len(WITH_A_RULE)]
    return [row.rstrip("| ").rpartition("| ")[2] for row in rows]


@pytest.mark.parametrize("name", LISTS)
def test_each_lesson_says_its_rule_in_the_words_of_the_list(name):
    said = ["\n".join(markdown(path)).lower() for path in WITH_A_RULE]
    listed = rules(ROOT / name)
    assert [
        rule for rule, lesson in zip(listed, said, strict=True) if f"**{rule.lower()}.**" not in lesson
    ] == []


@pytest.mark.parametrize(("lesson", "following"), list(pairwise(LESSONS)), ids=lambda path: path.stem)
def test_the_exercises_of_a_lesson_end_with_a_link_to_the_next(lesson, following):
    last = markdown(ROOT / "solutions" / lesson.name)[-1]
    assert re.search(rf"Next: \[[^]]+\]\(\.\./notebooks/{following.name}\)", last)


@pytest.mark.parametrize("lesson", LESSONS[1:-1], ids=lambda path: path.stem)
def test_a_lesson_asks_one_question_back_to_an_earlier_one(lesson):
    found = re.search(r"First, one question back, to \[lesson \d+\]\(([^)]+)\)", "\n".join(markdown(lesson)))
    assert found and found[1] < lesson.name
