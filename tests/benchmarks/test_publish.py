"""README.md says what results/ says, and a ratio is the median of the rounds' ratios."""

import pytest

from benchmarks import checks, classes, peers, publish
from benchmarks.publish import README, TABLES, Figures, held, renewed, table

SECONDS = {
    checks.UNIT: [1.0, 2.0, 4.0],
    checks.WARM: [0.5, 0.8, 1.2],
    checks.PLAIN: [2.0, 4.0, 8.0],
    checks.FIRST: [2.5, 5.0, 10.0],
    checks.NEXT: [0.5, 1.0, 2.0],
    checks.FRESH: [5.0, 8.0, 12.0],
    checks.COLD: [10.0, 16.0, 24.0],
    f"{checks.UNIT} 4.1": [1.0, 1.0, 1.0],
    f"{checks.WARM} 4.1": [0.6, 0.6, 0.6],
    classes.ONE: [2.0, 2.0, 2.0],
    classes.CLASS: [10.0, 20.0, 40.0],
    classes.CLASS_NOTEBOOKS: [30.0, 60.0, 120.0],
    peers.OTTER_API: [3.0, 3.0, 3.0],
    peers.OTTER_RUN: [4.0, 4.0, 4.0],
    peers.NBGRADER: [3.5, 3.5, 3.5],
    peers.CLASS_OTTER_API: [60.0, 120.0, 240.0],
    peers.CLASS_NBGRADER: [25.0, 50.0, 100.0],
    peers.MUTMUT: [6.0, 6.0, 6.0],
    peers.MUTMUT_ONE: [2.0, 2.0, 2.0],
}
DOCUMENT = {
    "commit": "c" * 40,
    "clean": True,
    "machine": {
        "processor": "P",
        "processors": 2,
        "memory_gib": 8,
        "system": "Linux",
        "python": "3.11.7",
    },
    "libraries": {"python": "3.11.7", "pytest": "9.2.0"},
    "started": "2026-01-01T00:00:00+00:00",
    "load_before": 0.1,
    "minutes": 11.5,
    "command": "python benchmarks/run.py",
    "class": 10,
    "isolation": "none",
    "how": {"unit": "python -m pytest"},
    "exercises": {"99.1": {"title": "T", "trials": 10}, "4.1": {"title": "Mail", "trials": 11}},
    "seconds": SECONDS,
    "memory": {"server_rss": 80, "server_pss": 66, "child_own": 30, "tree_peak": 140, "cold_pytest_peak": 77},
    "scale": [
        {"submissions": 1, "seconds": 1.0, "peak_mib": 99, "first_mib": 90, "last_mib": 91},
        {"submissions": 10, "seconds": 1.9, "peak_mib": 99, "first_mib": 92, "last_mib": 93},
        {"submissions": 100, "seconds": 10.9, "peak_mib": 99, "first_mib": 94, "last_mib": 95},
    ],
    "peers": {"versions": {"mutmut": "3.8.1"}, "mutants": 41, "killed": 30},
}


@pytest.fixture
def figures():
    return Figures(DOCUMENT)


def test_a_ratio_is_the_median_of_the_ratios_of_the_rounds(figures):
    assert figures.ratio(checks.WARM) == 0.4
    assert figures.ratio(checks.FRESH, checks.WARM) == 10.0


def test_one_more_mutant_is_told_without_the_fixed_cost(figures):
    assert figures.mutant() == pytest.approx(0.1)


def test_a_target_is_met_or_not():
    assert held(0.5, 0.5, most=True) == "≤ 0.5: met"
    assert held(0.51, 0.5, most=True) == "≤ 0.5: not met"
    assert held(5.9, 6, most=False) == "≥ 6: not met"


def test_a_table_is_markdown():
    assert table(("a", "b"), ("x", "2")) == "| a | b |\n| --- | --: |\n| x | 2 |"


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("picture", "6.0 times as long as the checker; seconds for 1, 10, 100 submissions.](speed.svg)"),
        ("machine", "2 processors (P), 8 GiB, Linux, Python 3.11.7; mutmut 3.8.1, pytest 9.2.0."),
        ("answer", "| **all 10 trials on the warm engine** | 0.40 | ≤ 0.5: met | 0.80 (0.50–1.20) |"),
        ("answer", "| 2.50 | ≤ 2: not met | 5.00 (2.50–10.00) |"),
        ("real", "| 4.1 Mail | 11 | 0.60 | ≤ 0.5: not met | 0.60 (0.60–0.60) | 1.00 (1.00–1.00) |"),
        ("mutants", "| mutmut: one more mutant, fixed cost taken off | 0.050 | 0.100 |"),
        ("graders", "| nbgrader, `autograde` | the tests once | 2.5 | checker's rate ≥ 3: not met | 5.00 | 3.50 |"),
        ("graders", "The notebook half alone adds 4.00 s a submission."),
        ("scale", "One more submission costs 100 ms between 10 and 100, 1.00 times what it costs between 1 and 10."),
        ("memory", "| the warm process, waiting (resident / proportional) | 80 / 66 |"),
        ("how", "| unit | `python -m pytest` |"),
    ],
)  # fmt: skip
def test_each_table_says_the_figures(figures, name, line):
    assert line in TABLES[name](figures)


def test_readme_says_what_the_results_say():
    """To renew it: python benchmarks/publish.py"""
    text = README.read_text(encoding="utf-8")
    assert renewed(text) == text


def test_every_block_has_its_place_in_the_readme():
    text = README.read_text(encoding="utf-8")
    assert {name for name, _ in publish.blocks()} == set(publish.named(text))
