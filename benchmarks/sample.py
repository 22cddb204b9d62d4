"""The exercises that are measured, and the folders and notebooks that they are measured in."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from benchmarks.machine import ROOT
from checker.contract import CONTRACTS, Exercise, find, load, subject_of
from checker.exercises import reference_sources
from checker.notebook.reader import Cell, Notebook
from checker.notebook.writer import render

FOLDER = Path(__file__).parent / "sample"
SAMPLE, SMALL = "99.1", "98.1"
# Real exercises whose answers are tests: mocks and a database; a flow over several requests; many parameters.
REAL = ("4.1", "7.1", "10.2")
# What the checker's own trials are configured with, for runs of pytest outside it.
CONFIG = '[pytest]\nasyncio_mode = "auto"\nasyncio_default_fixture_loop_scope = "function"\n'


def exercise(id: str) -> Exercise:
    """An exercise by id: of the tutorial, or one of the two in `sample/`."""
    number = id.split(".")[0]
    own = list(FOLDER.glob(f"{number}_*.toml"))
    return load(own[0], subject_of(ROOT))[0] if own else find(id, ROOT)


def answer(id: str) -> dict[str, str]:
    """A right answer by file name: the stored one of the sample, the reference of a real exercise."""
    path = FOLDER / f"answer_{id.split('.')[0]}.py"
    if path.exists():
        return {"test_answer.py": path.read_text(encoding="utf-8")}
    return reference_sources(exercise(id), ROOT)


def versions(exercise: Exercise) -> list[Mapping[str, str]]:
    """The files of every trial of an exercise but the answer: the subject, its variants, its mutants."""
    edits = [None, *(one.edit for one in (*exercise.variants, *exercise.mutants))]
    return [exercise.version(edit) for edit in edits]


def lay_out(folder: Path, files: Mapping[str, str]) -> Path:
    """Writes files, and the configuration of pytest, into a new folder."""
    for path, text in {"pytest.toml": CONFIG, **files}.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return folder


def project(folder: Path) -> Path:
    """A copy of the project to which the exercises of `sample/` are added."""
    for name in ("app", "checker", "solutions", "exercises"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "*.kept-*"))
    for contract in FOLDER.glob("*.toml"):
        shutil.copy(contract, folder / CONTRACTS.relative_to(ROOT))
    return folder


def in_copy(project: Path) -> dict[str, str]:
    """The variables with which Python takes the checker of a copy, in this environment."""
    return {"PYTHONPATH": str(project), "CHECKER_SETUP": "off"}


def notebook(path: Path, *sources: str, metadata: list[dict] | None = None) -> Path:
    """A notebook of code cells; `metadata`: of each cell."""
    cells = tuple(
        Cell(number, f"cell-{number}", "code", source, metadata=(metadata or [{}] * len(sources))[number - 1])
        for number, source in enumerate(sources, start=1)
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    about = {
        "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    path.write_text(render(Notebook(path, cells, about)), encoding="utf-8")
    return path


def signed(text: str, learner: int) -> str:
    """An answer as learner number `learner` hands it in: no two are the same text, so none is graded from memory."""
    return f"{text}\n\n# learner {learner}\n"


def submissions(folder: Path, id: str, count: int) -> Path:
    """A folder of `count` notebooks that answer an exercise rightly."""
    [text] = answer(id).values()
    for learner in range(1, count + 1):
        cell = f"%%exercise {id}\n{signed(text, learner)}"
        notebook(folder / f"learner_{learner:04}.ipynb", "%load_ext checker", cell)
    return folder
