"""Kind `command`: the learner wrote a pytest command line. It is run, and judged by what ran and what it left."""

from __future__ import annotations

import shlex
from collections.abc import Mapping

from checker.contract import Exercise, Mutant
from checker.engine import Record
from checker.grade.source import Unusable
from checker.grade.trials import Trials, base, short
from checker.verdict import Verdict, Version

HEADS = (
    ("uv", "run", "python", "-m", "pytest"),
    ("uv", "run", "pytest"),
    ("python", "-m", "pytest"),
    ("python3", "-m", "pytest"),
    ("pytest",),
)
_SHELL = ("|", "||", "&", "&&", ";", ">", ">>", "<")


def judge(exercise: Exercise, answers: Mapping[str, str], trials: Trials) -> Verdict:
    """The verdict, without the facts about the machine. A mutant is a demand: what the command must have done."""
    head, rest = split(answers["command.txt"])
    record = trials.run(
        "Running the command", [trials.trial({}, command=tuple(rest) or ("-p", "no:randomly"))]
    )[0]
    if record.end == "timed_out":
        raise Unusable("timed_out", "The command did not end and was stopped.", explanation=record.output)
    if record.end in ("died", "usage"):
        raise Unusable(
            "invalid", "pytest refused the command. Its own words are below.", explanation=record.output
        )
    versions = tuple(_version(mutant, _unmet(mutant.wants, head, record)) for mutant in exercise.mutants)
    met = sum(version.result == "caught" for version in versions)
    return trials.verdict(
        "passed" if met == len(versions) else "misses",
        f"The command ran. It does {met} of {len(versions)} things asked for.",
        versions,
        explanation=record.output,
    )


def split(text: str) -> tuple[str, list[str]]:
    """What starts pytest and its arguments; `Unusable` where the line is not one plain pytest command."""
    lines = [
        line
        for line in text.replace("\\\n", " ").splitlines()
        if line.strip() and not line.lstrip().startswith("#")
    ]
    if not lines:
        raise Unusable(
            "empty", "No command yet. Write one line that begins with `pytest` or `uv run pytest`."
        )
    if len(lines) > 1:
        raise Unusable("invalid", f"There are {len(lines)} lines; the answer is one command.")
    try:
        lexer = shlex.shlex(lines[0].strip().lstrip("!$ "), posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        words = list(lexer)
    except ValueError as error:
        raise Unusable("invalid", f"The command cannot be read: {error}.") from None
    for word in words:
        if word in _SHELL or "`" in word or "$(" in word:
            raise Unusable(
                "invalid", f"`{word}` is for the shell. The answer is one pytest command without it."
            )
    for head in HEADS:
        if tuple(words[: len(head)]) == head:
            return " ".join(head), words[len(head) :]
    raise Unusable(
        "invalid",
        f"The command begins with `{' '.join(words[:3])}`; it begins with `pytest`, `python -m pytest` or "
        "`uv run pytest`.",
    )


def _version(mutant: Mutant, unmet: str) -> Version:
    if unmet:
        return Version("mutant", mutant.name, "missed", (), unmet, mutant.hint)
    return Version("mutant", mutant.name, "caught")


def _unmet(wants: Mapping[str, object], head: str, record: Record) -> str:
    """The first demand that is not met, in words; empty when all are.

    Demands: `ran`, the names of exactly the tests that ran; `options`, at least these values; `left`, files that are
    there afterwards; `head`, how pytest is started; `exit`, pytest's exit code.
    """
    ran = sorted({short(base(run.id)) for run in record.tests})
    if "ran" in wants and ran != sorted(wants["ran"]):
        return f"it ran {', '.join(ran) if ran else 'no test'}"
    for name, value in wants.get("options", {}).items():
        actual = record.ran.get(name)
        if not (
            actual >= value
            if isinstance(value, int) and isinstance(actual, int) and not isinstance(value, bool)
            else value in actual
            if isinstance(actual, list)
            else actual == value
        ):
            return f"`{name}` is {actual!r}"
    for path in wants.get("left", ()):
        if not any(file == path or file.startswith(f"{path}/") for file in record.ran.get("left", [])):
            return f"it left no `{path}`"
    if "head" in wants and head != wants["head"]:
        return f"it starts with `{head}`"
    if "exit" in wants and record.exit_code != wants["exit"]:
        return f"pytest's exit code is {record.exit_code}"
    return ""
