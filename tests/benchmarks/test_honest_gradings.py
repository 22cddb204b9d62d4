"""The count of wrong verdicts can be trusted: a wrong one is seen, an interrupted count is valid."""

import json
from dataclasses import replace

import pytest
from click.testing import CliRunner

from benchmarks import honest_gradings
from benchmarks.honest_gradings import Count, run, sentence, shuffled, summary
from benchmarks.machine import checkout
from checker.bootstrap import ROOT
from checker.contract import load
from checker.engine.warm import WarmEngine
from checker.verify import Stored

RIGHT = """
import pytest
from shop import price
async def test_price():
    assert await price(2) == 4
    with pytest.raises(ValueError):
        await price(-1)
"""
EMPTY = "x = 1\n"


@pytest.fixture(scope="module")
def engine():
    engine = WarmEngine()
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def exercise():
    """An exercise of the small contract that the tests of the grader use."""
    return load(ROOT / "tests/checker/grade/00_small.toml", {})[0]


@pytest.fixture
def graded(tmp_path, engine, exercise):
    """Grades each (text, promised verdict) once; gives the counts and the lines that were written."""

    def graded(*stored, gradings=100):
        answers = [
            (exercise, Stored(exercise.id, f"answer{number}", verdict, {"test_answer.py": text}))
            for number, (text, verdict) in enumerate(stored)
        ]
        path = tmp_path / "lines.jsonl"
        with path.open("w", encoding="utf-8") as out:
            counts = [replace(count) for count in run(answers, engine, out, gradings=gradings)]
        return counts, [json.loads(line) for line in path.read_text().splitlines()]

    return graded


def test_kept_promises_are_no_wrong_verdicts(graded):
    counts, lines = graded((RIGHT, "passed"), (EMPTY, "empty"))
    assert (counts[-1].wrong, [line["kind"] for line in lines]) == (0, ["count"])
    assert (lines[-1]["right_answers"], lines[-1]["wrong_answers"]) == (1, 1)


def test_each_kind_of_wrong_verdict_is_counted_and_written_in_full(graded):
    _, lines = graded((EMPTY, "passed"), (RIGHT, "misses"), (EMPTY, "invalid"))
    count = lines.pop()
    assert (count["refused"], count["accepted"], count["otherwise"]) == (1, 1, 1)
    assert [(line["kind"], line["verdict"]["verdict"]) for line in lines] == [
        ("wrong", "empty"),
        ("wrong", "passed"),
        ("wrong", "empty"),
    ]
    assert lines[1]["promise"] == "misses"


def test_a_grading_with_other_details_than_before_is_written(tmp_path, engine, exercise):
    name = {"exercise": exercise.id, "name": "one", "verdict": "passed"}
    answers = [
        (exercise, Stored(**name, files={"test_answer.py": text}))
        for text in (RIGHT, RIGHT.replace("test_price", "test_cost"))
    ]
    with (tmp_path / "lines.jsonl").open("w", encoding="utf-8") as out:
        counts = list(run(answers, engine, out, gradings=2))
    kinds = [json.loads(line)["kind"] for line in (tmp_path / "lines.jsonl").read_text().splitlines()]
    assert (counts[-1].numbers["changed"], counts[-1].wrong, kinds) == (1, 0, ["changed", "count"])


def test_it_stops_at_the_number_of_gradings(graded):
    counts, _ = graded((EMPTY, "empty"), (EMPTY, "empty"), (EMPTY, "empty"), gradings=2)
    assert len(counts) == 2


def test_the_order_is_random_and_the_same_for_a_seed():
    answers = list(range(50))
    first, again, other = (shuffled(answers, seed) for seed in (1, 1, 2))
    drawn = [next(first) for _ in range(100)]
    assert sorted(drawn[:50]) == sorted(drawn[50:]) == answers
    assert drawn == [next(again) for _ in range(100)]
    assert drawn[:50] != [next(other) for _ in range(50)]


def test_an_interrupted_file_counts_as_far_as_it_came(tmp_path):
    count = Count()
    count.numbers.update(gradings=20, right_answers=20, refused=1)
    path = tmp_path / "lines.jsonl"
    run_line = json.dumps({"kind": "run", "commit": "c" * 40})
    count_line = json.dumps({"kind": "count", **count.line()})
    path.write_text(f"{run_line}\n{count_line}\n{run_line}\n{count_line[:30]}")
    found = summary(path)
    assert (found["gradings"], found["wrong_verdicts"], len(found["runs"])) == (20, 1, 2)
    assert sentence(found).startswith("1 wrong verdicts in 20 gradings")


def test_the_command_goes_on_where_it_stopped(tmp_path):
    path = tmp_path / "lines.jsonl"
    words = ["0.2", "--load", "0", "--output", str(path)]
    for gradings, resume in ((1, []), (3, ["--resume"])):
        result = CliRunner().invoke(honest_gradings.main, [*words, "--gradings", str(gradings), *resume])
        assert result.exit_code == 0, result.output
        with path.open("a") as torn:
            torn.write('{"kind": "co')
    found = summary(path)
    assert [one["count"]["gradings"] for one in found["runs"]] == [1, 2]
    assert {one["commit"] for one in found["runs"]} == {checkout()["commit"]}
    done = CliRunner().invoke(honest_gradings.main, [*words, "--gradings", "3", "--resume"])
    assert (done.exit_code, len(summary(path)["runs"])) == (0, 2)
    refused = CliRunner().invoke(honest_gradings.main, words)
    assert (refused.exit_code, "exists. Add to it with --resume" in refused.output) == (2, True)
