"""Writes the figures into README.md, and draws them. Every number there comes from the files in results/."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import median

import click

from benchmarks import checks, classes, honest_gradings, peers
from benchmarks.environments import binary

HERE = Path(__file__).parent
README = HERE / "README.md"
SPEED = HERE / "results" / "speed.json"
PICTURE = HERE / "speed.svg"
NOT_YET = "Not measured yet."
_BLOCK = re.compile(r"(<!-- figures: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


class Figures:
    """The figures of a run. Ratios are medians of the ratios of each round, whose parts were measured side by side."""

    def __init__(self, document: dict) -> None:
        self.document = document
        self.seconds: dict[str, list[float]] = document["seconds"]

    def median(self, name: str) -> float:
        """In seconds."""
        return median(self.seconds[name])

    def ratio(self, name: str, to: str = checks.UNIT) -> float:
        """How many times as long as `to` it takes."""
        return median(one / other for one, other in zip(self.seconds[name], self.seconds[to], strict=True))

    def spread(self, name: str) -> str:
        """The median, and the lowest and highest, in seconds."""
        found = self.seconds[name]
        return f"{median(found):.2f} ({min(found):.2f}–{max(found):.2f})"

    def mutant(self) -> float:
        """What one more mutant costs mutmut, in seconds: its fixed cost taken off."""
        more = self.document["peers"]["mutants"] - 1
        pairs = zip(self.seconds[peers.MUTMUT], self.seconds[peers.MUTMUT_ONE], strict=True)
        return median((every - one) / more for every, one in pairs)


def table(*rows: Sequence[str]) -> str:
    """A table in Markdown; the first row is its head. Columns of numbers stand to the right."""
    head, *body = rows
    numbers = [
        all(re.fullmatch(r"[\d.()–/ ]*", cell) for cell in column) for column in zip(*body, strict=True)
    ]
    line = ["--:" if number else "---" for number in numbers]
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, line, *body))


def held(value: float, limit: float, *, most: bool) -> str:
    """A target and whether it is met."""
    sign, met = ("≤", value <= limit) if most else ("≥", value >= limit)
    return f"{sign} {limit:g}: {'met' if met else 'not met'}"


def picture(figures: Figures) -> str:
    """The picture, and in words what it shows."""
    counts = [str(one["submissions"]) for one in figures.document["scale"]]
    warm, slowest = figures.ratio(checks.WARM), figures.ratio(peers.CLASS_OTTER_API, classes.CLASS)
    return (
        f"![One answer takes the warm engine {warm:.2f} cold runs of pytest; a class takes otter-grader "
        f"{slowest:.1f} times as long as the checker; seconds for {', '.join(counts)} submissions.]({PICTURE.name})"
    )


def machine(figures: Figures) -> str:
    """On what the figures were taken."""
    document = figures.document
    about, versions = document["machine"], document["peers"]["versions"] | document["libraries"]
    python = versions.pop("python")
    named = ", ".join(f"{name} {version}" for name, version in versions.items())
    return (
        f"{about['processors']} processors ({about['processor']}), {about['memory_gib']} GiB, {about['system']}, "
        f"Python {python}; {named}.\n"
        f"Measured at {document['started']} on commit {document['commit'][:12]}"
        f"{'' if document['clean'] else ', with changes that are not committed'}, with a load average of "
        f"{document['load_before']:.1f} before it began, in {document['minutes']:g} minutes, by\n\n"
        f"```\n{document['command']}\n```"
    )


def answer(figures: Figures) -> str:
    """One answer, all its trials."""
    by_warm = {name: figures.ratio(name, checks.WARM) for name in (checks.FRESH, checks.COLD)}
    warm, first = figures.ratio(checks.WARM), figures.ratio(checks.FIRST)
    unit, trials = checks.UNIT, figures.document["exercises"]["99.1"]["trials"]

    def row(what: str, name: str, target: str = "") -> tuple[str, ...]:
        return what, f"{figures.ratio(name):.2f}", target, figures.spread(name)

    times = {
        name: f"{value:.1f} times the warm engine; {held(value, 6, most=False)}"
        for name, value in by_warm.items()
    }
    return table(
        ("what", "of the unit", "target", "seconds: median (lowest–highest)"),
        (
            "**the unit**: one cold `python -m pytest` of the answer, no plugin but pytest-asyncio",
            "1",
            "",
            figures.spread(unit),
        ),
        row("the same with every plugin of a learner's environment", checks.PLAIN),
        row(f"**all {trials} trials on the warm engine**", checks.WARM, held(warm, 0.5, most=True)),
        row(
            "the first check after `%load_ext checker`, both cells run at once",
            checks.FIRST,
            held(first, 2, most=True),
        ),
        row("the second check in that kernel", checks.NEXT),
        row(
            f"all {trials} trials in fresh processes, one after the other (`--fresh --jobs 1`)",
            checks.FRESH,
            times[checks.FRESH],
        ),
        row(f"{trials} cold runs of pytest, one after the other", checks.COLD, times[checks.COLD]),
    )


def real(figures: Figures) -> str:
    """Exercises of the tutorial."""
    rows = []
    for id, about in figures.document["exercises"].items():
        unit, warm = f"{checks.UNIT} {id}", f"{checks.WARM} {id}"
        if unit in figures.seconds:
            ratio = figures.ratio(warm, unit)
            rows.append(
                (f"{id} {about['title']}", str(about["trials"]), f"{ratio:.2f}", held(ratio, 0.5, most=True),
                 figures.spread(warm), figures.spread(unit))
            )  # fmt: skip
    head = (
        "exercise",
        "trials",
        "warm, of its own cold pytest",
        "target",
        "warm, seconds",
        "cold pytest, seconds",
    )
    return table(head, *rows)


def mutants(figures: Figures) -> str:
    """What one mutant costs."""
    about = figures.document["peers"]
    trials = figures.document["exercises"]["99.1"]["trials"]
    unit = figures.median(checks.UNIT)
    rows = [
        ("checker, warm: a trial, all included", figures.median(checks.WARM) / trials),
        (
            f"mutmut: a mutant, all included ({about['mutants']} of them, {about['killed']} killed)",
            figures.median(peers.MUTMUT) / about["mutants"],
        ),
        ("mutmut: one more mutant, fixed cost taken off", figures.mutant()),
        ("mutmut: the fixed cost, and one mutant", figures.median(peers.MUTMUT_ONE)),
        ("a cold run of pytest", figures.median(checks.COLD) / trials),
    ]
    return table(
        ("what", "of the unit", "seconds"),
        *((what, f"{value / unit:.3f}", f"{value:.3f}") for what, value in rows),
    )


def graders(figures: Figures) -> str:
    """One submission and a class, here and with the peers."""
    trials, count = figures.document["exercises"]["99.1"]["trials"], figures.document["class"]
    tried = f"{trials} trials, 6 mutants among them"
    once = "the tests once"
    rows = []
    for what, does, single, many, target in (
        ("checker, trials", tried, classes.ONE, classes.CLASS, None),
        (
            "checker, trials and the notebook in a kernel",
            f"{tried}, and all cells compared",
            None,
            classes.CLASS_NOTEBOOKS,
            None,
        ),
        ("otter-grader, API in one process", once, peers.OTTER_API, peers.CLASS_OTTER_API, 5),
        ("otter-grader, `otter run`", once, peers.OTTER_RUN, None, None),
        ("nbgrader, `autograde`", once, peers.NBGRADER, peers.CLASS_NBGRADER, 3),
    ):
        rate = figures.ratio(many, classes.CLASS) if many else None
        rows.append(
            (
                what,
                does,
                f"{rate:.1f}" if rate else "",
                f"checker's rate {held(rate, target, most=False)}" if target else "",
                f"{figures.median(many) / count:.2f}" if many else "",
                f"{figures.median(single):.2f}" if single else "",
            )
        )  # fmt: skip
    head = (
        "grader",
        "what it tries",
        "time of a class, of the checker's trials",
        "target",
        f"seconds each, class of {count}",
        "seconds, one alone",
    )
    notebooks = (figures.median(classes.CLASS_NOTEBOOKS) - figures.median(classes.CLASS)) / count
    return (
        f"{table(head, *rows)}\n\nThe notebook half alone adds {notebooks:.2f} s a submission. "
        f"Isolation of the checker's trials, in its own words: {figures.document['isolation']}."
    )


def scale(figures: Figures) -> str:
    """From one submission to many."""
    found = figures.document["scale"]
    rows = [
        (f"{one['submissions']}", f"{one['seconds']:.1f}", f"{1000 * one['seconds'] / one['submissions']:.0f}",
         f"{one['first_mib']:.0f}", f"{one['last_mib']:.0f}", f"{one['peak_mib']:.0f}")
        for one in found
    ]  # fmt: skip
    head = ("submissions", "seconds", "ms each", "MiB, second tenth", "MiB, last tenth", "MiB, peak")
    text = table(head, *rows)
    if len(found) >= 3:
        a, b, c = found[-3:]
        early = (b["seconds"] - a["seconds"]) / (b["submissions"] - a["submissions"])
        late = (c["seconds"] - b["seconds"]) / (c["submissions"] - b["submissions"])
        text += (
            f"\n\nOne more submission costs {1000 * late:.0f} ms between {b['submissions']} and {c['submissions']}, "
            f"{late / early:.2f} times what it costs between {a['submissions']} and {b['submissions']}. "
            f"In the run of {c['submissions']} the tree of processes goes from {c['first_mib']:.0f} to "
            f"{c['last_mib']:.0f} MiB."
        )
    return text


def memory(figures: Figures) -> str:
    """The warm engine's memory."""
    found = figures.document["memory"]
    rows = [
        (
            "the warm process, waiting (resident / proportional)",
            f"{found['server_rss']:.0f} / {found['server_pss']:.0f}",
        ),
        ("a trial's process: pages of its own, the most", f"{found['child_own']:.0f}"),
        ("the whole tree while it grades, the most", f"{found['tree_peak']:.0f}"),
        ("one cold pytest, the most", f"{found['cold_pytest_peak']:.0f}"),
    ]
    return table(("what", "MiB"), *rows)


def honest() -> str:
    """Wrong verdicts that were counted."""
    if not honest_gradings.RESULTS.exists():
        return "Not counted yet."
    found = honest_gradings.summary(honest_gradings.RESULTS)
    runs = []
    for run in found["runs"]:
        count, commit = run["count"], run["commit"][:12] + ("" if run["clean"] else " (changed)")
        given = (run["started"], commit, str(run["answers"]), str(run["busy_processes"]))
        runs.append((*given, f"{count['load']:.1f}", str(count["gradings"]), f"{count['seconds'] / 60:.0f}"))
    head = (
        "run begun",
        "commit",
        "answers",
        "busy processes beside it",
        "mean load average",
        "gradings",
        "minutes",
    )
    return f"**{honest_gradings.sentence(found)}**\n\n{table(head, *runs)}"


def how(figures: Figures) -> str:
    """How each was measured."""
    rows = [(name, f"`{how}`" if "`" not in how else how) for name, how in figures.document["how"].items()]
    return table(("measure", "how"), *rows)


TABLES: dict[str, Callable[[Figures], str]] = {
    name.__name__: name for name in (picture, machine, answer, real, mutants, graders, scale, memory, how)
}


def blocks() -> Iterator[tuple[str, str]]:
    """Each block of README.md by name, as the results say it."""
    figures = Figures(json.loads(SPEED.read_text(encoding="utf-8"))) if SPEED.exists() else None
    for name, write in TABLES.items():
        yield name, write(figures) if figures else NOT_YET
    yield "honest", honest()


def named(text: str) -> list[str]:
    """The blocks that a text has room for."""
    return [found[2] for found in _BLOCK.finditer(text)]


def renewed(text: str) -> str:
    """README.md with its blocks as the results say."""
    written = dict(blocks())
    return _BLOCK.sub(lambda found: f"{found[1]}{written[found[2]]}\n{found[3]}", text)


def publish() -> None:
    """Renews README.md, and the picture where there are figures to draw."""
    README.write_text(renewed(README.read_text(encoding="utf-8")), encoding="utf-8")
    click.echo(f"{README}: written.")
    if SPEED.exists():
        subprocess.run([binary("plot"), HERE / "peers" / "plot.py", SPEED, PICTURE], check=True)
        click.echo(f"{PICTURE}: written.")


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--check", is_flag=True, help="Write nothing; exit code 1 when README.md is not as results/ says."
)
def main(check: bool) -> None:
    """Write the figures of results/ into README.md and draw them."""
    if check:
        sys.exit(renewed(text := README.read_text(encoding="utf-8")) != text)
    publish()


if __name__ == "__main__":
    main()
