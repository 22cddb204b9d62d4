"""The measures of other tools, on the same tests of the same program, each in its own environment.

Otter-grader and nbgrader run a learner's tests once and try no mutant. The quickest way there is in them is taken:
the notebook's cell writes the test file, and the grader's cell runs pytest inside the kernel, in a thread.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

from benchmarks.environments import binary
from benchmarks.sample import CONFIG, SAMPLE, answer, exercise, lay_out, notebook, signed
from benchmarks.timing import Failed, Measure, command, shown
from checker.engine.processes import processors

OTTER_RUN, OTTER_API, NBGRADER = "one: otter run", "one: otter API", "one: nbgrader"
CLASS_OTTER_API, CLASS_NBGRADER = "class: otter API", "class: nbgrader"
MUTMUT, MUTMUT_ONE = "mutmut, all mutants", "mutmut, one mutant"
MUTATED = "app/services/user_service.py"
_RUN_TESTS = """\
import os, threading, pytest
root, codes = os.environ["SUBJECT"], []
words = ["-q", "-c", f"{root}/pytest.toml", "--rootdir", ".", "-p", "given", "-p", "no:cacheprovider", "test_answer.py"]
thread = threading.Thread(target=lambda: codes.append(pytest.main(words)))
thread.start()
thread.join()
assert codes == [0]
"""


class Mutmut:
    """Mutates one module of the subject and runs the sample's tests."""

    def __init__(self, folder: Path) -> None:
        files = {**exercise(SAMPLE).version(), **answer(SAMPLE)}
        moved = {f"tests/{name}": files.pop(name) for name in ("conftest.py", "test_answer.py")}
        settings = (
            "[tool.mutmut]\nsource_paths = ['app/']\npytest_add_cli_args_test_selection = ['tests/']\n"
            f"only_mutate = ['{MUTATED}']\nalso_copy = ['pytest.toml']\n"
        )
        self._template = lay_out(folder / "template", {**files, **moved, "pyproject.toml": settings})
        self._work = folder / "work"
        self._program = binary("mutmut", "mutmut")
        self.mutants: list[str] = []
        self.killed = 0

    def measures(self) -> Iterator[Measure]:
        """All mutants, as many at a time as there are processors; and the first alone, which is all its fixed cost."""
        self._run()
        self._count()
        yield Measure(MUTMUT, shown(self._words()), lambda: {MUTMUT: self._run()})
        first = self.mutants[0]
        yield Measure(MUTMUT_ONE, shown(self._words(first)), lambda: {MUTMUT_ONE: self._run(first)})

    def _run(self, *mutants: str) -> float:
        shutil.rmtree(self._work, ignore_errors=True)
        shutil.copytree(self._template, self._work)
        return command(self._words(*mutants), self._work)

    def _words(self, *mutants: str) -> list[str | Path]:
        return [self._program, "run", "--max-children", str(processors()), *mutants]

    def _count(self) -> None:
        lines = subprocess.run(
            [self._program, "results", "--all", "true"],
            cwd=self._work,
            check=True,
            capture_output=True,
            text=True,
        ).stdout.splitlines()
        pairs = [line.strip().split(": ") for line in lines if "__mutmut_" in line]
        self.mutants = [name for name, _ in pairs]
        self.killed = sum(result == "killed" for _, result in pairs)
        if not self.killed:
            raise Failed(f"mutmut killed none of {len(self.mutants)} mutants")


def subject(folder: Path) -> Path:
    """The program under test and the given fixtures, where a kernel finds them."""
    files = dict(exercise(SAMPLE).version())
    return lay_out(folder, {"given.py": files.pop("conftest.py"), "pytest.toml": CONFIG, **files})


def _environment(program: Path) -> Mapping[str, str]:
    return {"PYTHONPATH": str(program), "SUBJECT": str(program)}


def _cell(learner: int) -> str:
    [text] = answer(SAMPLE).values()
    return f"%%writefile test_answer.py\n{signed(text, learner)}"


class Otter:
    """Otter-grader: the command for one submission, and its API in one process for several."""

    def __init__(self, folder: Path, program: Path, count: int) -> None:
        self._folder, self._environment = folder, _environment(program)
        lines = "".join(f"    {line}\n" for line in _RUN_TESTS.splitlines())
        test = (
            "OK_FORMAT = False\nfrom otter.test_files import test_case\nname, points = 'q1', 1\n\n\n"
            f"@test_case()\ndef test_answer():\n{lines}"
        )
        lay_out(folder, {"tests/q1.py": test})
        (folder / "out").mkdir()
        self._zip = folder / "autograder.zip"
        command(
            [binary("otter", "otter"), "generate", "-t", "tests", "-o", self._zip],
            folder,
            env=self._environment,
        )
        self._submitted = [
            notebook(folder / f"learner_{learner}.ipynb", _cell(learner)) for learner in range(1, count + 1)
        ]

    def one(self) -> Iterator[Measure]:
        """One submission, both ways."""
        yield Measure(OTTER_RUN, shown(self._run_words()), lambda: {OTTER_RUN: self._run()})
        yield Measure(
            OTTER_API, "otter.api.grade_submission in a new process", lambda: {OTTER_API: self._api(1)}
        )

    def whole_class(self) -> Iterator[Measure]:
        """All submissions in one process. `otter run` has no such form; `otter grade` wants docker."""
        count = len(self._submitted)
        how = f"otter.api.grade_submission, {count} times in a new process"
        yield Measure(CLASS_OTTER_API, how, lambda: {CLASS_OTTER_API: self._api(count)})

    def _run(self) -> float:
        seconds = command(self._run_words(), self._folder, env=self._environment)
        result = json.loads((self._folder / "out" / "results.json").read_text(encoding="utf-8"))
        _expect("otter run", [test["score"] for test in result["tests"] if "score" in test], 1)
        return seconds

    def _run_words(self) -> list[str | Path]:
        return [binary("otter", "otter"), "run", self._submitted[0], "-a", self._zip, "-o", "out"]

    def _api(self, count: int) -> float:
        script = Path(__file__).parent / "peers" / "otter_api.py"
        words = [binary("otter"), script, "scores.json", self._zip, *self._submitted[:count]]
        seconds = command(words, self._folder, env=self._environment)
        scores = json.loads((self._folder / "scores.json").read_text(encoding="utf-8"))
        _expect("otter's API", scores, count)
        return seconds


class Nbgrader:
    """nbgrader: the command `autograde` for one submission and for a class."""

    def __init__(self, folder: Path, program: Path, count: int) -> None:
        self._folder, self._count, self._environment = folder, count, _environment(program)
        self._template = folder / "template"
        bin = binary("nbgrader", "nbgrader")
        # Its kernel is the python3 of the environment that comes first on PATH.
        self._environment |= {"PATH": f"{bin.parent}{os.pathsep}{os.environ['PATH']}"}
        starter = "%%writefile test_answer.py\n### BEGIN SOLUTION\n### END SOLUTION\n"
        self._notebook(self._template / "source" / "sample" / "sample.ipynb", starter)
        command([bin, "generate_assignment", "sample"], self._template, env=self._environment)

    def measures(self, name: str, count: int) -> Iterator[Measure]:
        """`count` submissions under one name of a figure."""
        how = f"nbgrader autograde sample ({count} submitted)"
        yield Measure(name, how, lambda: {name: self._autograde(count)})

    def one(self) -> Iterator[Measure]:
        """One submission."""
        return self.measures(NBGRADER, 1)

    def whole_class(self) -> Iterator[Measure]:
        """A class, in one process."""
        return self.measures(CLASS_NBGRADER, self._count)

    def _autograde(self, count: int) -> float:
        work = self._folder / "work"
        shutil.rmtree(work, ignore_errors=True)
        shutil.copytree(self._template, work)
        for learner in range(1, count + 1):
            self._notebook(
                work / "submitted" / f"learner_{learner}" / "sample" / "sample.ipynb", _cell(learner)
            )
        words = [binary("nbgrader", "nbgrader"), "autograde", "sample"]
        seconds = command(words, work, env=self._environment)
        with closing(sqlite3.connect(work / "gradebook.db")) as book:
            scores = [score for (score,) in book.execute("SELECT auto_score FROM grade")]
        _expect("nbgrader", scores, count)
        return seconds

    @staticmethod
    def _notebook(path: Path, cell: str) -> None:
        common = {"schema_version": 3, "task": False}
        own = {"grade": False, "solution": True, "locked": False, "grade_id": "answer", **common}
        check = {"grade": True, "solution": False, "locked": True, "points": 1, "grade_id": "check", **common}
        notebook(path, cell, _RUN_TESTS, metadata=[{"nbgrader": own}, {"nbgrader": check}])


def _expect(tool: str, scores: list[float], count: int) -> None:
    if scores != [1.0] * count:
        raise Failed(f"{tool} gave {count} right answers the scores {scores}")
