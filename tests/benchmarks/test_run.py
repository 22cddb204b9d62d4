"""The measures still run. Nothing here asserts how long something takes."""

import json
import sys

import pytest
from click.testing import CliRunner

from benchmarks import checks, classes, peers
from benchmarks.machine import checkout
from benchmarks.run import main
from benchmarks.sample import REAL, SAMPLE, SMALL, answer, exercise
from benchmarks.timing import Failed, Measure, Results, command, interleave, shown
from checker.engine.warm import WarmEngine
from checker.grade import grade


def test_the_samples_are_passed_and_each_bug_is_caught_by_a_test_of_its_own():
    engine = WarmEngine()
    for id in (SAMPLE, SMALL):
        assert grade(exercise(id), answer(id), engine).passed
    caught = grade(exercise(SAMPLE), answer(SAMPLE), engine, matrix=True).matrix
    engine.close()
    assert sorted(bugs for bugs in caught.values()) == sorted((one.name,) for one in exercise(SAMPLE).mutants)


def test_measures_take_turns():
    seen, results = [], Results()
    measures = [Measure(name, "how", lambda name=name: seen.append(name) or {name: 1.0}) for name in "ab"]
    interleave(measures, 2, results, lambda what: None)
    assert (seen, results.seconds) == (["a", "b", "a", "b"], {"a": [1.0, 1.0], "b": [1.0, 1.0]})


def test_a_command_that_fails_is_no_figure(tmp_path):
    with pytest.raises(Failed, match="exit code 3\nboom"):
        command([sys.executable, "-c", "print('boom'); raise SystemExit(3)"], tmp_path)


def test_a_command_is_shown_without_the_folders_of_a_run(tmp_path):
    assert shown([tmp_path / "python", "-m", "checker", tmp_path / "class"]) == "python -m checker class"


def test_without_peers_the_readme_is_left_alone():
    result = CliRunner().invoke(main, ["--without-peers"])
    assert (result.exit_code, "give --output" in result.output) == (2, True)


@pytest.mark.timeout(900)
def test_the_checker_is_measured(tmp_path, monkeypatch):
    """All measures, on the small exercise, whose trials take a fifth of the sample's time, and on one of the real."""
    for module in (checks, classes):
        monkeypatch.setattr(module, "SAMPLE", SMALL)
    monkeypatch.setattr(checks, "REAL", REAL[:1])
    monkeypatch.chdir(tmp_path)
    output, commit = tmp_path / "speed.json", checkout()["commit"]
    words = ["--without-peers", "--rounds", "1", "--class", "2", "--class-rounds", "1", "--scale", "1,2"]
    result = CliRunner().invoke(main, [*words, "--output", output], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    document = json.loads(output.read_text())
    expected = {checks.UNIT, checks.PLAIN, checks.WARM, checks.FIRST, checks.NEXT, checks.FRESH, checks.COLD}
    expected |= {f"{kind} {id}" for kind in (checks.UNIT, checks.WARM) for id in REAL[:1]}
    expected |= {classes.ONE, classes.CLASS, classes.CLASS_NOTEBOOKS}
    assert {name: len(rounds) for name, rounds in document["seconds"].items()} == dict.fromkeys(expected, 1)
    assert [one["submissions"] for one in document["scale"]] == [1, 2]
    assert all(document["memory"].values())
    assert document["commit"] == commit


@pytest.mark.peers
@pytest.mark.timeout(900)
def test_the_peers_are_measured_and_do_their_work(tmp_path):
    subject = peers.subject(tmp_path / "subject")
    graders = [kind(tmp_path / kind.__name__, subject, 2) for kind in (peers.Otter, peers.Nbgrader)]
    mutmut = peers.Mutmut(tmp_path / "mutmut")
    measures = [one for grader in graders for one in (*grader.one(), *grader.whole_class())]
    results = Results()
    interleave([*measures, *mutmut.measures()], 1, results, lambda what: None)
    graded = {peers.OTTER_RUN, peers.OTTER_API, peers.CLASS_OTTER_API, peers.NBGRADER, peers.CLASS_NBGRADER}
    assert set(results.seconds) == graded | {peers.MUTMUT, peers.MUTMUT_ONE}
    assert 0 < mutmut.killed <= len(mutmut.mutants)
