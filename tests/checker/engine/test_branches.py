"""A version that is tried again is imported once, in a process that serves its trials alone."""

import psutil
import pytest

from checker.engine import EngineError, Trial
from checker.engine.warm import WarmEngine
from tests.checker.engine.test_rewriting import LOOKS
from tests.checker.processes import gone

MOST = 6
CONFTEST = "from shop import prices\n"
PRICES = "import os\nIMPORTED_BY = os.getpid()\nSEEN = []\ndef price(): return {}\n"
ANSWER = """
import os
from shop import prices

def test_price(): assert prices.price() == {}
def test_fresh():
    assert prices.SEEN == []
    prices.SEEN.append(1)
def test_where(): assert prices.IMPORTED_BY == os.getpid()
"""


@pytest.fixture
def warm():
    engine = WarmEngine(branches=MOST)
    yield engine
    engine.close()


def trial(price: int = 3, expected: int = 3, answer: str = ANSWER, **how) -> Trial:
    """A trial of a version of the program whose price is this."""
    files = {
        "shop/__init__.py": "",
        "shop/prices.py": PRICES.format(price),
        "conftest.py": CONFTEST,
        "test_answer.py": answer.format(expected),
    }
    how = {"varied": ("conftest.py", "shop/prices.py", "test_answer.py"), "answers": ("test_answer.py",), **how}
    files.update(how.pop("files", {}))
    return Trial(files, **how)


def outcomes(engine, *trials: Trial) -> list[list[str]]:
    """Of each trial, how its tests ended."""
    records = dict(engine.run(list(trials)))
    return [[test.outcome for test in records[place].tests] for place in range(len(trials))]


IMPORTED_HERE, IMPORTED_AHEAD = ["passed"] * 3, ["passed", "passed", "failed"]


def test_a_version_is_imported_anew_once_and_ahead_from_then_on(warm):
    assert [outcomes(warm, trial()) for _ in range(3)] == [[IMPORTED_HERE], [IMPORTED_AHEAD], [IMPORTED_AHEAD]]


def test_each_version_is_its_own_and_no_trial_leaves_anything_for_the_next(warm):
    versions = [trial(price, expected) for expected in (3, 4) for price in (3, 4)] * 6
    price = [ran[0] for ran in outcomes(warm, *versions)]
    fresh = {ran[1] for ran in outcomes(warm, *versions)}
    assert price == ["passed", "failed", "failed", "passed"] * 6
    assert fresh == {"passed"}


def test_another_answer_finds_the_version_imported(warm):
    outcomes(warm, trial())
    assert outcomes(warm, trial(answer="# Another one.\n" + ANSWER)) == [IMPORTED_AHEAD]


@pytest.mark.parametrize(
    "how",
    [
        {"answers": ("test_answer.py", "shop/prices.py")},
        {"varied": None},
        {"env": {"RATE": "2"}},
        {"files": {"shop/__init__.py": "import time\nBEGAN = time.monotonic()\n"}},
        {"files": {"conftest.py": "import os\nos.environ['RATE'] = '2'\nfrom shop import prices\n"}},
        {"files": {"conftest.py": ""}},
    ],
    ids=["an_answer", "unknown", "environment", "asks_for_the_time", "set_before", "not_asked_for"],
)
def test_what_only_a_trial_may_import_is_imported_there(warm, how):
    changed = {"varied": ("conftest.py", "shop/__init__.py", "shop/prices.py", "test_answer.py"), **how}
    assert [outcomes(warm, trial(**changed)) for _ in range(3)] == [[IMPORTED_HERE]] * 3


def test_a_version_whose_functions_report_is_one_of_its_own(warm):
    watched = trial(watch=("shop/prices.py",), files={"shop/prices.py": f"{PRICES.format(3)}price()\n"})
    plain = trial(files=watched.files)
    assert [outcomes(warm, plain, watched) for _ in range(3)][1:] == [[IMPORTED_AHEAD] * 2] * 2
    assert [run.reached for run in dict(warm.run([watched]))[0].tests] == [("shop/prices.py::price",), (), ()]
    assert [run.reached for run in dict(warm.run([plain]))[0].tests] == [()] * 3


def test_a_version_whose_import_never_ends_times_out_each_time(warm):
    stuck = trial(files={"shop/prices.py": "while True:\n    pass\n"}, seconds=0.5)
    ends = [dict(warm.run([stuck]))[0].end for _ in range(3)]
    assert ends == ["timed_out"] * 3
    assert outcomes(warm, trial()) == [IMPORTED_HERE]


def test_a_version_that_cannot_be_imported_says_so_in_each_trial(warm):
    broken = trial(files={"shop/prices.py": "raise SystemExit('closed')\n"})
    records = [dict(warm.run([broken]))[0] for _ in range(3)]
    assert {record.end for record in records} == {"usage"}
    assert all("SystemExit: closed" in record.output for record in records)


def test_more_versions_than_are_kept(warm):
    versions = [trial(price, price) for price in range(MOST + 2)]
    for _ in range(3):
        ran = outcomes(warm, *versions)
        assert [tests[0] for tests in ran] == ["passed"] * len(versions)
    assert ran.count(IMPORTED_AHEAD) == MOST


def test_versions_that_come_no_more_make_room(warm):
    outcomes(warm, *[trial(price, price) for price in range(MOST)] * 2)
    kept = {process.pid for process in psutil.Process(warm._process.pid).children()}
    assert len(kept) == MOST
    assert outcomes(warm, *[trial(99, 99)] * (2 * MOST + 3))[-1] == IMPORTED_AHEAD
    [given_up] = kept - {process.pid for process in psutil.Process(warm._process.pid).children()}
    assert gone(given_up)


def test_without_branches_each_trial_imports_its_version():
    engine = WarmEngine()
    assert [outcomes(engine, trial()) for _ in range(3)] == [[IMPORTED_HERE]] * 3
    engine.close()


def test_a_hang_in_a_branch_is_ended_with_all_it_started(warm):
    hangs = """
import subprocess, sys, time
def test_price():
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1000)"], start_new_session=True)
    time.sleep(1000)
"""
    outcomes(warm, trial())
    records = dict(warm.run([trial(answer=hangs, seconds=0.5), trial()]))
    assert records[0].end == "timed_out"
    assert [test.outcome for test in records[1].tests] == IMPORTED_AHEAD
    [branch] = psutil.Process(warm._process.pid).children()
    assert gone(*(process.pid for process in branch.children(recursive=True)))


def test_who_kills_a_branch_is_a_fault_of_the_engine_and_the_next_trial_works(warm):
    kills = "import os, signal\ndef test_price(): os.kill(os.getppid(), signal.SIGKILL)\n"
    outcomes(warm, trial())
    with pytest.raises(EngineError, match="Nothing was graded"):
        outcomes(warm, trial(answer=kills))
    assert outcomes(warm, trial()) == [IMPORTED_HERE]


def test_a_trial_in_a_branch_finds_nothing_of_the_answer_that_the_branch_began_with(warm):
    secret = trial(answer="NEEDLE = 'needle of another'\n" + ANSWER)
    assert [outcomes(warm, secret) for _ in range(2)] == [[IMPORTED_HERE], [IMPORTED_AHEAD]]
    looks = trial(files={"test_answer.py": LOOKS}, seconds=30)
    assert outcomes(warm, looks) == [["passed"]]


def test_branches_end_with_the_engine(warm):
    outcomes(warm, *[trial(price, price) for price in (3, 4, 3, 4)])
    family = psutil.Process(warm._process.pid).children(recursive=True)
    assert len(family) == 2
    warm.close()
    assert gone(*(process.pid for process in family))
