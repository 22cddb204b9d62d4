"""The corpus of submissions in `tests/submissions/`: what each file is, and what the checker must make of it.

A folder is a class. Its `expected.toml` has a table a file:
`what` it does; `verdict` of `exercise` (0.1 where not said), one word or several of which any will do, or `verdicts` by
exercise; `says` and `never_says`, texts of the report; `finding`, kinds of findings; `flags`, texts of flags.
`own` and `class` are verdicts where the learner's machine and a class run differ; `where = "class"` is run in
isolation alone: on one's own machine nothing is promised of it. `silent` says that no secret is in any report,
`silent_flags` that an honest answer has no flag, `known_accepted` that it is a cheat which no grader can see through.
`made` names a maker below, for what a repository cannot hold; `beside` are files next to the notebook, `env` variables.
A `.py` is the answer itself; `x.conftest.py` is one for the file `conftest.py`.
"""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from checker.contract import Exercise, lessons, load

FOLDER = Path(__file__).parent.parent / "submissions"
CONTRACTS = FOLDER / "contracts"
EXPECTED = "expected.toml"
_KNOWN = {
    *(
        "what",
        "verdict",
        "exercise",
        "verdicts",
        "says",
        "never_says",
        "finding",
        "flags",
        "own",
        "class",
        "where",
    ),
    *("silent", "silent_flags", "known_accepted", "made", "beside", "env"),
}


@dataclass(frozen=True)
class Entry:
    """One submission of the corpus and what is expected of it."""

    kind: str
    name: str
    expected: Mapping[str, object]

    @property
    def id(self) -> str:
        """`leaves_early/at_import.py`, without what a terminal would act on."""
        return f"{self.kind}/{self.name}".encode("unicode_escape").decode()

    @property
    def exercise(self) -> str:
        """The exercise that it answers."""
        return self.expected.get("exercise", "0.1")

    @property
    def class_only(self) -> bool:
        """Whether it may be run in isolation alone."""
        return self.expected.get("where") == "class"

    def verdicts(self, tier: str) -> dict[str, list[str]]:
        """The words that will do, by exercise, on the tier `own` or `class`."""
        words = self.expected.get(tier, self.expected.get("verdict"))
        by_exercise = self.expected.get("verdicts") or {self.exercise: words}
        return {id: [one] if isinstance(one, str) else one for id, one in by_exercise.items()}

    def listed(self, key: str) -> list[str]:
        """A list among the expectations; empty where it is not there."""
        return self.expected.get(key, [])

    def submit(self, folder: Path, words: Mapping[str, str]) -> Path:
        """Puts the submission into `folder`, with `{word}` replaced, and returns its path."""
        for name, text in self.expected.get("beside", {}).items():
            (folder / name).write_text(text)
        if maker := self.expected.get("made"):
            return MAKERS[maker](folder, self.name)
        content = (FOLDER / self.kind / self.name).read_bytes()
        for word, value in words.items():
            content = content.replace(b"{%s}" % word.encode(), value.encode())
        if not self.name.endswith((".py", ".toml", ".txt")):
            path = folder / self.name
            path.write_bytes(content)
            return path
        path = folder / "answer.ipynb"
        path.write_text(json.dumps(notebook(f"%%exercise {self.exercise}\n{content.decode()}")))
        return path


def entries() -> list[Entry]:
    """Every submission, in the order of classes and names."""
    found = []
    for file in sorted(FOLDER.glob(f"*/{EXPECTED}")):
        for name, expected in tomllib.loads(file.read_text("utf-8")).items():
            if unknown := set(expected) - _KNOWN:
                raise ValueError(f"{file}: {name}: unknown {', '.join(unknown)}")
            found.append(Entry(file.parent.name, name, expected))
    return found


def exercises() -> dict[str, Exercise]:
    """The exercises that the corpus answers, by id."""
    return {one.id: one for slug in lessons(CONTRACTS) for one in load(CONTRACTS / f"{slug}.toml", {})}


def notebook(*sources: str) -> dict:
    """A notebook of code cells."""
    cells = [
        {
            "cell_type": "code",
            "id": f"c{n}",
            "metadata": {},
            "outputs": [],
            "execution_count": None,
            "source": source,
        }
        for n, source in enumerate(sources)
    ]
    return {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


RIGHT = (FOLDER / "correct_oracle" / "computes_it_itself.py").read_text()


def _right(folder: Path, name: str) -> Path:
    path = folder / name
    path.write_text(json.dumps(notebook(f"%%exercise 0.1\n{RIGHT}")))
    return path


def _broken(folder: Path, name: str) -> Path:
    path = folder / name
    path.write_text('{"cells": [')
    return path


def _name_of_bytes(folder: Path, name: str) -> Path:
    return _broken(folder, os.fsdecode(b"not \xff text.ipynb"))


def _archive(folder: Path, name: str) -> Path:
    path = folder / name
    path.write_bytes((FOLDER / "archive" / "a_class.zip").read_bytes())
    return path


def _folder(folder: Path, name: str) -> Path:
    path = folder / name
    path.mkdir()
    return path


def _pipe(folder: Path, name: str) -> Path:
    path = folder / name
    os.mkfifo(path)
    return path


def _link(target: str):
    def make(folder: Path, name: str) -> Path:
        path = folder / name
        path.symlink_to(target.format(name=name, corpus=FOLDER))
        return path

    return make


def _very_large(folder: Path, name: str) -> Path:
    path = folder / name
    with path.open("wb") as file:
        file.truncate(3 * 2**30)
    return path


def _very_many_parts(folder: Path, name: str) -> Path:
    path = folder / name
    path.write_text('{"nbformat": 4, "cells": [' + "{}," * 4_000_000 + "{}]}")
    return path


MAKERS = {
    "right": _right,
    "broken": _broken,
    "name_of_bytes": _name_of_bytes,
    "archive": _archive,
    "folder": _folder,
    "pipe": _pipe,
    "link_outside": _link("{corpus}/archive/a_class.zip"),
    "link_to_itself": _link("{name}"),
    "link_to_a_device": _link("/dev/zero"),
    "very_large": _very_large,
    "very_many_parts": _very_many_parts,
}
