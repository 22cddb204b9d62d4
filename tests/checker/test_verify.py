"""The proof itself is tried: each claim must be able to fail."""

import json
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from checker.cli import main
from checker.contract import UnknownExercise, load
from checker.verify import Claim, Graders, prove, verify
from tests.checker.notebooks import code, save
from tests.checker.processes import gone

CONTRACT = '''
[[exercise]]
id = "7.1"
title = "a number"
answer = "test_answer.py"
hints = ["a", "b", "c"]
[exercise.subject]
"shop.py" = """
def one():
    return 1


def two():
    return 2
"""
[[exercise.variant]]
name = "adds"
subject = "shop.py"
find = "return 2"
replace = "return 1 + 1"
note = "n"
[[exercise.variant]]
name = "keeps"
decoy = true
subject = "shop.py"
find = "    return 2"
replace = "    return 2\\n    return 3"
note = "n"
[[exercise.mutant]]
name = "one_is_off"
subject = "shop.py"
find = "return 1"
replace = "return 0"
hint = "h"
[[exercise.mutant]]
name = "two_is_off"
subject = "shop.py"
find = "return 2"
replace = "return 3"
hint = "h"
'''
REFERENCE = "import shop\ndef test_it():\n    assert (shop.one(), shop.two()) == (1, 2)\n"


def answer(name: str, text: str, verdict: str = "misses", **how) -> str:
    said = {key: str(value).lower() if isinstance(value, bool) else value for key, value in how.items()}
    more = "".join(f"{key} = {value}\n" for key, value in said.items())
    return f"[[answer]]\nexercise = '7.1'\nname = '{name}'\nverdict = '{verdict}'\n{more}text = '''\n{text}'''\n"


ANSWERS = [
    answer("right", "import shop\ndef test_it():\n    assert shop.one() == 1\n    assert shop.two() == 2\n", "passed"),
    answer("right_too", "from shop import one, two\ndef test_it(): assert one() + 3 * two() == 7\n", "passed"),
    answer("smoke", "import shop\ndef test_it(): shop.one(); shop.two()\n", smoke=True),
    answer("only_two", "import shop\ndef test_it(): assert shop.two() == 2\n", misses=["one_is_off"]),
    answer("only_one", "import shop\ndef test_it(): assert shop.one() == 1\n", misses=["two_is_off"]),
]


@pytest.fixture(scope="module")
def graders():
    with Graders(at_once=2) as graders:
        yield graders


@pytest.fixture
def written(tmp_path: Path):
    """Writes an exercise made of these parts and loads it."""

    def written(contract=CONTRACT, answers=ANSWERS, reference=REFERENCE, starter=""):
        (tmp_path / "tests/answers").mkdir(parents=True)
        marked = f"%%exercise 7.1\n{starter}### BEGIN SOLUTION\n{reference}### END SOLUTION"
        save(tmp_path / "solutions", code(marked), name="07_small.ipynb")
        (tmp_path / "tests/answers/07_small.toml").write_text("".join(answers), encoding="utf-8")
        (tmp_path / "07_small.toml").write_text(contract, encoding="utf-8")
        [exercise] = load(tmp_path / "07_small.toml", {})
        return exercise

    return written


@pytest.fixture
def sound(written):
    return written()


@pytest.fixture
def broken_claims(tmp_path: Path, graders, written):
    """Proves an exercise made of these parts and returns the sentences that do not hold."""

    def broken_claims(**parts):
        return [claim.sentence for claim in prove(tmp_path, written(**parts), graders) if not claim.holds]

    return broken_claims


def test_a_sound_exercise_is_proved(broken_claims):
    assert broken_claims() == []


@pytest.mark.parametrize(
    "change, broken",
    [
        ({"contract": CONTRACT.replace('"a", "b", "c"', '"a", "b"')}, "there are at least 3 hints"),
        ({"contract": CONTRACT.replace('"c"]', json.dumps(REFERENCE) + "]")}, "the last hint is not the reference"),
        ({"contract": CONTRACT.replace("decoy = true\n", "")}, "there are at least 2 variants, one a decoy"),
        ({"starter": REFERENCE, "reference": "pass\n"}, "the untouched starter does not pass"),
        (
            {"reference": REFERENCE.replace("(1, 2)", "(1, 3)")},
            "the reference accepts every correct version and catches every bug",
        ),
        ({"answers": ANSWERS[1:]}, "two right answers that differ from the reference are stored"),
        ({"answers": ANSWERS[:2] + ANSWERS[3:]}, "a naive smoke test is stored"),
        ({"answers": ANSWERS[:4]}, "for each bug there is a stored answer that misses exactly it"),
        (
            {"answers": [*ANSWERS, answer("wrong", "import shop\ndef test_it(): assert shop.one()\n", "passed")]},
            "the stored answer wrong is passed",
        ),
        (
            {"answers": [*ANSWERS, answer("blind", "def test_it(): assert True\n", finding="'never_awaited'")]},
            "the stored answer blind is misses, with the finding never_awaited",
        ),
        (
            {"answers": ANSWERS[:3], "reference": REFERENCE},
            "no two bugs share a kill vector",
        ),
    ],
)
def test_each_claim_can_fail(broken_claims, change, broken):
    assert broken in broken_claims(**change)


def test_an_unknown_exercise_among_known_ones_is_named(pytestconfig):
    with pytest.raises(UnknownExercise, match="There is no exercise '4.99'"):
        next(verify(pytestconfig.rootpath, ["4.1", "4.99"]))


def test_what_does_not_hold_is_said_once_more_at_the_end(monkeypatch, capsys):
    claims = [Claim("3.1", "the sky is blue", "it is grey"), Claim("3.1", "the grass is green")]
    monkeypatch.setattr("checker.verify.verify", lambda *args, **how: (claim for claim in claims))
    assert main(["verify", "3.1"]) == 1
    grey = "FAIL 3.1: the sky is blue\n       instead: it is grey\n"
    expected = f"{grey}ok   3.1: the grass is green\n\nOnce more, what does not hold:\n{grey}1 of 2 claims hold.\n"
    assert capsys.readouterr().out == expected


def test_repetitions_are_told_and_counted(tmp_path, graders, sound):
    told = []
    claims = list(prove(tmp_path, sound, graders, repeat=3, told=lambda *step: told.append(step)))
    assert [claim.sentence for claim in claims if not claim.holds] == []
    sentence = "the reference passes 3 times under load"
    assert claims[-1].sentence == sentence
    assert told == [("7.1", sentence, number, 3) for number in range(3)]


def test_verdicts_come_in_the_order_of_the_answers_and_several_at_once(monkeypatch, sound):
    two = threading.Barrier(2)

    def together(exercise, files, engine):
        two.wait(20)  # for another grading that is under way
        return files["place"]

    monkeypatch.setattr("checker.verify.grade", together)
    with Graders(at_once=2) as graders:
        assert list(graders.grade((sound, {"place": place}) for place in range(6))) == list(range(6))


def test_the_last_grader_takes_first_what_has_little_time(monkeypatch, sound):
    all_are_there, both = threading.Barrier(3), threading.Barrier(2)
    hurried, taken = replace(sound, seconds=0.5), set()

    def grade(exercise, files, engine):
        (all_are_there if exercise is hurried else both).wait(20)
        taken.add((threading.current_thread().name, exercise.seconds))

    monkeypatch.setattr("checker.verify.grade", grade)
    with Graders(at_once=2) as graders:
        before = [graders.grade([(hurried, {})]) for _ in range(2)]
        limits = (7.0, 9.0, 1.0, 8.0)
        verdicts = [graders.grade([(replace(sound, seconds=limit), {})]) for limit in limits]
        all_are_there.wait(20)
        for one in (*before, *verdicts):
            list(one)
    assert {("grader-0", 7.0), ("grader-1", 1.0)} < taken


def test_what_has_not_begun_when_the_proof_is_left_never_does(monkeypatch, sound):
    begun = []
    monkeypatch.setattr("checker.verify.grade", lambda exercise, files, engine: begun.append(files) or time.sleep(0.05))
    with Graders(at_once=2) as graders:
        verdicts = graders.grade((sound, {}) for _ in range(1000))
        next(verdicts)
    assert len(begun) < 10


def test_the_load_ends_with_its_process():
    script = (
        "import os, psutil\nfrom checker.verify import load\nwith load(2):\n"
        "    print(*(child.pid for child in psutil.Process().children()), flush=True)\n"
        "    os.kill(os.getpid(), 9)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    burners = [int(pid) for pid in done.stdout.split()]
    assert len(burners) == 2
    assert gone(*burners)
