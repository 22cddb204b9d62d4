"""Kind `command`: the learner wrote a pytest command line. It is run, and judged by what it did, not by its words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatchcase

from checker.contract import ContractError, Exercise, Mutant
from checker.engine import Record
from checker.grade.commandline import CommandLine, read
from checker.grade.source import Unusable
from checker.grade.trials import Trials
from checker.verdict import Verdict, Version

NO_TESTS = 5
# So wide that its lines fit into the output of a cell.
_NARROW = {"COLUMNS": "80"}


def judge(exercise: Exercise, answers: Mapping[str, str], trials: Trials) -> Verdict:
    """The verdict, without the facts about the machine. A mutant is a demand: what the command must have done.

    A demand with an edit is tried on the suite as it is after the edit: the same command, on another day.
    """
    line = read(answers["command.txt"], tuple(exercise.version()))
    edits = [None, *dict.fromkeys(mutant.edit for mutant in exercise.mutants if mutant.edit)]
    records = trials.run(
        "Running the command", [trials.trial({}, edit, command=line.arguments, env=_NARROW) for edit in edits]
    )
    of_edit = dict(zip(edits, records, strict=True))
    record = of_edit[None]
    if record.end == "timed_out":
        raise Unusable("timed_out", "The command did not end and was stopped.", explanation=record.output)
    if record.end in ("died", "usage"):
        raise Unusable("invalid", "pytest refused the command. Its own words are below.", explanation=record.output)
    if record.exit_code == NO_TESTS:
        raise Unusable(
            "invalid",
            "No test fits the command (pytest's exit code 5), so it can prove nothing. Its own words are below.",
            explanation=record.output,
        )
    versions = tuple(_version(mutant, unmet(mutant.wants, line, of_edit[mutant.edit])) for mutant in exercise.mutants)
    met = sum(version.result == "caught" for version in versions)
    return trials.verdict(
        "passed" if met == len(versions) else "misses",
        f"The command ran. It does {met} of {len(versions)} things asked for.",
        versions,
        explanation=record.output,
    )


def _version(mutant: Mutant, unmet: str) -> Version:
    if unmet:
        return Version("mutant", mutant.name, "missed", (), unmet, mutant.hint)
    return Version("mutant", mutant.name, "caught")


def unmet(wants: Mapping[str, object], line: CommandLine, record: Record) -> str:
    """The first of the demands that is not met, in words; empty when all are. `DEMANDS` says what there is."""
    if unknown := set(wants) - set(DEMANDS):
        raise ContractError(f"`wants` knows no {', '.join(sorted(unknown))}; it knows {', '.join(DEMANDS)}")
    return next(filter(None, (DEMANDS[name](value, line, record) for name, value in wants.items())), "")


def _under(id: str, places: Iterable[str]) -> bool:
    """Whether a test is one of `places`: node ids, or what they begin with, such as a file."""
    return any(id == place or id.startswith((f"{place}::", f"{place}[")) for place in places)


def _named(names: Iterable[str]) -> str:
    first, *others = names
    return f"`{first}`" + (f" and {len(others)} more" if others else "")


def _none_of(key: str, words: str) -> Callable:
    """Each of the places must be among the tests that the record lists under `key`."""

    def demand(places: list[str], _line: CommandLine, record: Record) -> str:
        missing = [place for place in places if not any(_under(id, [place]) for id in record.ran.get(key, ()))]
        return f"{words} {_named(missing)}" if missing else ""

    return demand


def _spares(places: list[str], _line: CommandLine, record: Record) -> str:
    begun = list(dict.fromkeys(run.id for run in record.tests if _under(run.id, places)))
    return f"it also took {_named(begun)}" if begun else ""


def _fails(places: list[str], _line: CommandLine, record: Record) -> str:
    for place in places:
        if not any(_under(run.id, [place]) and run.outcome in ("failed", "errored") for run in record.tests):
            return f"`{place}` did not fail"
    return ""


def _idle(_value: bool, _line: CommandLine, record: Record) -> str:
    bodies = record.ran.get("bodies", ())
    return f"it ran {_named(bodies)}" if bodies else ""


def _fact(key: str, words: str) -> Callable:
    def demand(_value: bool, _line: CommandLine, record: Record) -> str:
        return "" if record.ran.get(key) else words

    return demand


def _lists(counts: Mapping[str, int], _line: CommandLine, record: Record) -> str:
    listed = record.ran.get("slowest", 0)
    fits = counts.get("least", 0) <= listed <= counts.get("most", listed)
    return "" if fits else f"it listed {listed or 'no'} durations"


def _leaves(patterns: list[str], _line: CommandLine, record: Record) -> str:
    for pattern in patterns:
        if not any(fnmatchcase(file, pattern) for file in record.ran.get("left", ())):
            return f"it left no `{pattern.lstrip('*/')}` behind"
    return ""


def _leaves_no(patterns: list[str], _line: CommandLine, record: Record) -> str:
    left = [file for file in record.ran.get("left", ()) if any(fnmatchcase(file, one) for one in patterns)]
    return f"it left {_named(left)} behind" if left else ""


def _measures_no(files: list[str], _line: CommandLine, record: Record) -> str:
    found = [file for file in files if file in record.ran.get("measured", ())]
    return f"it also measured {_named(found)}" if found else ""


def _starts(launcher: str, line: CommandLine, _record: Record) -> str:
    return "" if line.launcher == launcher else f"it does not start with `{launcher}`"


# By its key in a contract: a function of the wanted value, the command line and the record, that says what is amiss.
# Tests are named by their node ids, or by what these begin with.
DEMANDS: Mapping[str, Callable[..., str]] = {
    "runs": _none_of("bodies", "it did not run"),
    "spares": _spares,
    "idle": _idle,
    "plans": _none_of("planned", "it does not show the fixtures of"),
    "shows": _none_of("shown", "nothing is seen, while it runs, of what is printed in"),
    "fails": _fails,
    "verbose": _fact("verbose", "it does not name each test"),
    "stops": _fact("stopped", "it went on to the end"),
    "lists": _lists,
    "leaves": _leaves,
    "leaves_no": _leaves_no,
    "measures": _none_of("measured", "it did not measure"),
    "measures_no": _measures_no,
    "starts": _starts,
}
