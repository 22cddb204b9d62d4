"""A contract lists what an exercise is graded against: its correct versions and its bugs.

One TOML file a lesson, `checker/contracts/SLUG.toml`. Every edit is text on text: patching objects of a program
that is already imported silently misses the places that hold the original (a router, `Depends`, `from … import`).
"""

from __future__ import annotations

import ast
import difflib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from checker.engine import POSTGRESQL

CONTRACTS = Path(__file__).parent / "contracts"
KINDS = {
    "test_answer.py": "tests",
    "conftest.py": "fixture",
    "pytest.toml": "config",
    "prediction.py": "predict",
    "command.txt": "command",
}
DATABASES = ("sqlite", POSTGRESQL)
OUTCOMES = ("passed", "failed", "errored", "timed_out", "not_collected")
_EXPECT = {
    "failed": ("failed",),
    "error": ("failed", "errored"),
    "hang": ("failed", "timed_out"),
    "not_collected": ("not_collected",),
}


class ContractError(Exception):
    """A contract that cannot be used. The message names the file, the place and the remedy."""


class UnknownExercise(Exception):
    """No contract has this exercise. The message names the nearest ids."""


@dataclass(frozen=True)
class Edit:
    """One change of one file: `find`, which occurs exactly once, becomes `replace`; or the file becomes `text`."""

    path: str
    find: str = ""
    replace: str = ""
    text: str | None = None

    def apply(self, files: Mapping[str, str]) -> dict[str, str]:
        """The files with the change made; raises `ContractError` where it cannot be."""
        if self.path not in files:
            near = difflib.get_close_matches(self.path, files, n=3)
            raise ContractError(
                f"there is no file `{self.path}` to change" + (f"; near: {', '.join(near)}" if near else "")
            )
        if self.text is not None:
            changed = self.text
        else:
            count = files[self.path].count(self.find)
            if count != 1:
                raise ContractError(
                    f"`find` occurs {count} times in `{self.path}`, it must occur exactly once:\n{self.find}"
                )
            changed = files[self.path].replace(self.find, self.replace)
        if changed == files[self.path]:
            raise ContractError(f"the change of `{self.path}` changes nothing")
        return {**files, self.path: changed}


@dataclass(frozen=True)
class Variant:
    """A correct version: a good answer accepts it. A decoy carries a mutant's telltale text in code that never runs."""

    name: str
    edit: Edit
    note: str
    decoy: bool = False


@dataclass(frozen=True)
class Mutant:
    """One bug that a good answer catches.

    Which fields are set depends on the kind of answer:
    `edit` a bug of the subject (tests, config); `tests` the given tests that show a bug of the answer (fixture);
    `key` and `says` a wrong belief (predict); `warning` a text no warning may carry (config);
    `wants` what a command must have done (command; see `checker.grade.command`), in the suite that `edit` makes.
    """

    name: str
    hint: str
    edit: Edit | None = None
    expect: tuple[str, ...] = ("failed",)
    tests: tuple[str, ...] = ()
    key: str = ""
    says: object = None
    warning: str = ""
    wants: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Exercise:
    """All that is needed to grade an answer. `subject` and `given` map a relative path to a file's text.

    `needs`: `postgresql` where its trials do, else empty. `databases`: on which of `DATABASES` a fixture is tried,
    where that is not what `needs` says. `matrix`: every test is tried on every bug, though nobody asked for it.
    """

    id: str
    lesson: str
    title: str
    answers: tuple[str, ...]
    hints: tuple[str, ...]
    subject: Mapping[str, str]
    given: Mapping[str, str]
    variants: tuple[Variant, ...] = ()
    mutants: tuple[Mutant, ...] = ()
    seconds: float = 5.0
    needs: str = ""
    databases: tuple[str, ...] = ()
    matrix: bool = False
    own_subject: bool = field(default=False, compare=False)

    @property
    def kind(self) -> str:
        """`tests`, `fixture`, `config`, `predict` or `command`; of several files the most telling decides."""
        kinds = {KINDS[name] for name in self.answers}
        return next(kind for kind in KINDS.values() if kind in kinds)

    def version(self, edit: Edit | None = None) -> dict[str, str]:
        """The files of a trial but the answer: the subject, changed by `edit`, and what is given."""
        files = {**self.subject, **self.given}
        return edit.apply(files) if edit else files


def lessons(folder: Path = CONTRACTS) -> list[str]:
    """The slugs that have a contract, in the order of their numbers."""
    return sorted(path.stem for path in folder.glob("[0-9][0-9]_*.toml"))


def number(slug: str) -> str:
    """The lesson's number as it begins an exercise's id: `3` for `03_isolate_the_database`."""
    return str(int(slug.split("_")[0]))


def subject_of(root: Path) -> dict[str, str]:
    """`app/` as text: relative path to source."""
    folder = root / "app"
    return {
        path.relative_to(root).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(folder.rglob("*.py"))
    }


def load(path: Path, app: Mapping[str, str]) -> tuple[Exercise, ...]:
    """The exercises of one contract file. Raises `ContractError` that names the file, the exercise and the entry."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ContractError(
            f"{path}: cannot be read ({error.strerror}). Restore the file from the repository."
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ContractError(f"{path}: is not valid TOML: {error}") from None
    _known(data, {"exercise", "given"}, f"{path}")
    shared = data.get("given", {})
    found = tuple(_exercise(entry, path, app, shared) for entry in data.get("exercise", []))
    if not found:
        raise ContractError(f"{path}: has no [[exercise]]")
    ids = [exercise.id for exercise in found]
    own = number(path.stem)
    for id in ids:
        if not re.fullmatch(rf"{own}\.[1-9]\d*", id):
            raise ContractError(f"{path}: exercise id {id!r} must be {own}.N, the number of the lesson first")
        if ids.count(id) > 1:
            raise ContractError(f"{path}: exercise {id} is there {ids.count(id)} times")
    return found


def load_all(root: Path, folder: Path = CONTRACTS) -> dict[str, Exercise]:
    """Every exercise by id, in order."""
    exercises, spoilt = load_readable(root, folder)
    for error in spoilt.values():
        raise error
    return exercises


def load_readable(root: Path, folder: Path = CONTRACTS) -> tuple[dict[str, Exercise], dict[str, ContractError]]:
    """The exercises of each contract that can be read, by id, in order; what is wrong with the others, by slug."""
    app = subject_of(root)
    exercises: dict[str, Exercise] = {}
    spoilt: dict[str, ContractError] = {}
    for slug in lessons(folder):
        try:
            exercises |= {exercise.id: exercise for exercise in load(folder / f"{slug}.toml", app)}
        except ContractError as error:
            spoilt[slug] = error
    return exercises, spoilt


def find(id: str, root: Path, folder: Path = CONTRACTS) -> Exercise:
    """The exercise `id`, reading only its own lesson's file. Raises `UnknownExercise` that names the nearest ids."""
    for slug in lessons(folder):
        if number(slug) == id.split(".")[0]:
            for exercise in load(folder / f"{slug}.toml", subject_of(root)):
                if exercise.id == id:
                    return exercise
    known = list(load_all(root, folder))
    near = difflib.get_close_matches(id, known, n=3, cutoff=0.4) or known[:3]
    raise UnknownExercise(
        f"There is no exercise {id!r}. Near: {', '.join(near)}. All of them: python3 -m checker list"
    )


def _exercise(entry: dict, path: Path, app: Mapping[str, str], shared: Mapping[str, str]) -> Exercise:
    where = f"{path}: exercise {entry.get('id', '?')}"
    _known(
        entry,
        {
            "id",
            "title",
            "answer",
            "hints",
            "shared",
            "given",
            "subject",
            "variant",
            "mutant",
            "seconds",
            "needs",
            "databases",
            "matrix",
        },
        where,
    )
    _required(entry, {"id": str, "title": str, "answer": (str, list), "hints": list}, where)
    answers = tuple([entry["answer"]] if isinstance(entry["answer"], str) else entry["answer"])
    for answer in answers:
        if answer not in KINDS:
            raise ContractError(f"{where}: `answer` is {answer!r}; it is one of {', '.join(KINDS)}")
    subject = dict(entry.get("subject", app))
    if not entry.get("shared", True):
        shared = {}
    given = {
        name: text
        for name, text in {**shared, **entry.get("given", {})}.items()
        if name not in answers and (name not in subject or name in entry.get("given", {}))
    }
    exercise = Exercise(
        id=entry["id"],
        lesson=path.stem,
        title=entry["title"],
        answers=answers,
        hints=tuple(entry["hints"]),
        subject=MappingProxyType(subject),
        given=MappingProxyType(given),
        variants=tuple(_variant(item, where) for item in entry.get("variant", [])),
        mutants=tuple(_mutant(item, where) for item in entry.get("mutant", [])),
        seconds=float(entry.get("seconds", Exercise.seconds)),
        needs=entry.get("needs", ""),
        databases=tuple(entry.get("databases", ())),
        matrix=bool(entry.get("matrix", False)),
        own_subject="subject" in entry,
    )
    _check_versions(exercise, where)
    _check_needs(exercise, where)
    return exercise


def _variant(item: dict, where: str) -> Variant:
    where = f"{where}: variant {item.get('name', '?')}"
    _known(item, {"name", "note", "decoy", "subject", "find", "replace", "text"}, where)
    _required(item, {"name": str, "note": str}, where)
    edit = _edit(item, where)
    if edit is None:
        raise ContractError(f"{where}: needs `subject` with `find` and `replace`, or `subject` with `text`")
    return Variant(item["name"], edit, item["note"], bool(item.get("decoy", False)))


def _mutant(item: dict, where: str) -> Mutant:
    where = f"{where}: mutant {item.get('name', '?')}"
    _known(
        item,
        {
            "name",
            "hint",
            "expect",
            "tests",
            "key",
            "says",
            "warning",
            "wants",
            "subject",
            "find",
            "replace",
            "text",
        },
        where,
    )
    _required(item, {"name": str, "hint": str}, where)
    edit = _edit(item, where)
    expect = item.get("expect", "failed")
    if expect not in _EXPECT:
        raise ContractError(f"{where}: `expect` is {expect!r}; it is one of {', '.join(_EXPECT)}")
    # What a command must do may be asked of a changed suite.
    shown = [edit if "wants" not in item else None, *map(item.get, ("tests", "key", "warning", "wants"))]
    if sum(bool(one) for one in shown) != 1:
        raise ContractError(f"{where}: needs exactly one of `subject`, `tests`, `key`, `warning`, `wants`")
    return Mutant(
        item["name"],
        item["hint"],
        edit,
        _EXPECT[expect],
        tuple(item.get("tests", ())),
        item.get("key", ""),
        item.get("says"),
        item.get("warning", ""),
        MappingProxyType(item.get("wants", {})),
    )


def _edit(item: dict, where: str) -> Edit | None:
    if "subject" not in item:
        return None
    if ("text" in item) == ("find" in item) or ("find" in item) != ("replace" in item):
        raise ContractError(f"{where}: give `find` and `replace`, or `text` for the whole file")
    return Edit(item["subject"], item.get("find", ""), item.get("replace", ""), item.get("text"))


def _check_needs(exercise: Exercise, where: str) -> None:
    """What it needs is known; it is tried on several databases only where a fixture is, and where it needs one."""
    if exercise.needs not in ("", POSTGRESQL):
        raise ContractError(f"{where}: `needs` is {exercise.needs!r}; it is {POSTGRESQL!r} or left out")
    if strange := set(exercise.databases) - set(DATABASES):
        raise ContractError(
            f"{where}: `databases` names {', '.join(sorted(strange))}; it names {' and '.join(DATABASES)}"
        )
    if exercise.databases and not (exercise.needs and exercise.kind == "fixture"):
        raise ContractError(f"{where}: `databases` is for a fixture with `needs = {POSTGRESQL!r}`")


def _check_versions(exercise: Exercise, where: str) -> None:
    """Every edit applies, compiles and makes a version of its own."""
    seen: dict[tuple, str] = {}
    for entry in (*exercise.variants, *exercise.mutants):
        if entry.edit is None:
            continue
        here = f"{where}: {type(entry).__name__.lower()} {entry.name}"
        try:
            text = exercise.version(entry.edit)[entry.edit.path]
            if entry.edit.path.endswith(".py"):
                ast.parse(text)
        except ContractError as error:
            raise ContractError(f"{here}: {error}") from None
        except SyntaxError as error:
            raise ContractError(
                f"{here}: the changed `{entry.edit.path}` does not compile: {error}"
            ) from None
        twin = seen.setdefault((entry.edit.path, text), entry.name)
        if twin != entry.name:
            raise ContractError(f"{here}: is the same program as {twin}")
    names = [entry.name for entry in (*exercise.variants, *exercise.mutants)]
    for name in names:
        if names.count(name) > 1:
            raise ContractError(f"{where}: the name {name} is used {names.count(name)} times")


def _known(table: Mapping, keys: set[str], where: str) -> None:
    for key in table:
        if key not in keys:
            near = difflib.get_close_matches(key, keys, n=1)
            raise ContractError(
                f"{where}: unknown key {key!r}" + (f"; did you mean {near[0]!r}?" if near else "")
            )


def _required(table: Mapping, kinds: Mapping[str, type | tuple], where: str) -> None:
    for key, kind in kinds.items():
        if not isinstance(table.get(key), kind) or not table[key]:
            raise ContractError(f"{where}: `{key}` is missing, empty or of the wrong type")
