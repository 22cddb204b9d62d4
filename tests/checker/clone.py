"""A small copy of the project in any folder: the checker, one lesson with two exercises, a way to call it."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from checker.bootstrap import ROOT
from checker.notebook.reader import read
from checker.notebook.workspace import build_all
from checker.notebook.writer import render
from tests.checker.notebooks import code, markdown, notebook

LESSON = "03_count_tickets"
RIGHT = """from tickets import Desk


async def test_numbers_go_up():
    desk = Desk()
    assert [await desk.take(), await desk.take()] == [1, 2]
"""
WEAK = """from tickets import Desk


async def test_first():
    assert await Desk().take() == 1
"""
PREDICTED = """prediction = {"test_a": "passed", "test_b": "failed"}
"""
CONTRACT = '''
[[exercise]]
id = "3.1"
title = "Tickets are counted"
answer = "test_answer.py"
hints = ["Take a ticket.", "Take two.", "Compare both with what they should be."]

[exercise.subject]
"tickets.py" = """
class Desk:
    def __init__(self):
        self.last = 0

    async def take(self):
        self.last += 1
        return self.last
"""

[[exercise.variant]]
name = "adds_the_long_way"
subject = "tickets.py"
find = "self.last += 1"
replace = "self.last = self.last + 1"
note = "Only the numbers count."

[[exercise.mutant]]
name = "starts_at_zero"
subject = "tickets.py"
find = "        self.last += 1\\n        return self.last"
replace = "        self.last += 1\\n        return self.last - 1"
hint = "Which number is the first?"

[[exercise.mutant]]
name = "hands_out_one_number_only"
subject = "tickets.py"
find = "self.last += 1"
replace = "self.last = 1"
hint = "What does the second one get?"

[[exercise]]
id = "3.2"
title = "Which test passes"
answer = "prediction.py"
hints = ["Run it in your head.", "Twice."]

[exercise.given]
"test_given.py" = """
async def test_a():
    assert True


async def test_b():
    assert False
"""

[[exercise.mutant]]
name = "believes_that_b_passes"
key = "test_b"
says = "passed"
hint = "Read the assertion."
'''


def said(text):
    """The stored output of a cell that printed, or whose magic displayed, `text`."""
    return ({"output_type": "stream", "name": "stdout", "text": f"{text}\n"},)


def shown(*lines):
    return ({"output_type": "display_data", "data": {"text/plain": "\n".join(lines)}, "metadata": {}},)


def with_solution(magic, solution):
    return f"{magic}\n### BEGIN SOLUTION\n{solution}### END SOLUTION"


@dataclass(frozen=True)
class Clone:
    """`root` is its folder."""

    root: Path

    @property
    def notebook(self):
        return self.root / "exercises" / f"{LESSON}.ipynb"

    @property
    def solutions(self):
        return self.root / "solutions" / f"{LESSON}.ipynb"

    def call(self, *arguments, cwd=None, **environment):
        """`python -m checker` in a process of its own."""
        return subprocess.run(
            [sys.executable, "-m", "checker", *map(str, arguments)],
            cwd=cwd or self.root,
            env=self.environment() | environment,
            capture_output=True,
            text=True,
            timeout=60,
            stdin=subprocess.DEVNULL,
        )

    def environment(self):
        foreign = ("PYTEST", "GITHUB_")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
        return kept | {"CHECKER_SETUP": "off", "PYTHONPATH": str(self.root)}

    def answer(self, id, source):
        """Put `source` below the `%%exercise` line of `id`."""
        self.edit(lambda cells: self._answer(cells, id, source))

    def edit(self, change, path=None):
        """Let `change` alter the list of cells, as Jupyter writes them, of the exercise notebook."""
        path = path or self.notebook
        document = json.loads(path.read_text())
        change(document["cells"])
        path.write_text(json.dumps(document, indent=1))

    @staticmethod
    def _answer(cells, id, source):
        cell = next(cell for cell in cells if "".join(cell["source"]).startswith(f"%%exercise {id}"))
        cell["source"] = f"%%exercise {id}\n{source}"


def make_clone(folder):
    """A clone in `folder`, whose exercises are built."""
    not_this = shutil.ignore_patterns("__pycache__", "[0-9][0-9]_*.toml")
    shutil.copytree(ROOT / "checker", folder / "checker", ignore=not_this)
    (folder / "checker" / "contracts" / f"{LESSON}.toml").write_text(CONTRACT)
    (folder / "app").mkdir()
    clone = Clone(folder)
    cells = [
        markdown("# Count tickets"),
        code("%load_ext checker", execution_count=1),
        code("print('Ticket desk')", execution_count=2, outputs=said("Ticket desk")),
        code(
            with_solution("%%exercise 3.1", RIGHT),
            execution_count=3,
            outputs=shown("Exercise 3.1: Tickets are counted", "Done. All bugs caught."),
        ),
        code(
            with_solution("%%exercise 3.2", PREDICTED),
            execution_count=4,
            outputs=shown("Exercise 3.2: Which test passes", "Done. All right."),
        ),
    ]
    clone.solutions.parent.mkdir()
    clone.solutions.write_text(render(notebook(*cells)))
    build_all(folder, check=False)
    assert read(clone.notebook).cells
    return clone
