"""In the class tier: no answer is told which program it tries, and a learner sees the real program all the same."""

import hashlib
from contextlib import closing

import pytest

from checker.engine import Record, TestRun
from checker.engine.open import open_class_engine
from checker.grade import grade
from checker.grade.validity import _with_failures

pytestmark = pytest.mark.isolation

RIGHT = """
import pytest, shop
async def test_price(): assert await shop.price(2) == 4
async def test_negative():
    with pytest.raises(ValueError): await shop.price(-1)
"""


@pytest.fixture(scope="module")
def judge(small):
    with closing(open_class_engine(jobs=2)) as engine:
        yield lambda answer: grade(small["0.1"], {"test_answer.py": answer}, engine)


def test_a_right_answer_passes_and_says_how_it_was_checked(judge):
    verdict = judge(RIGHT)
    assert (verdict.verdict, verdict.flags) == ("passed", ())
    assert verdict.isolation.startswith(("class, tried out", "CI, tried out"))


def test_an_empty_answer_still_misses(judge):
    assert judge("import shop\nasync def test_a(): assert await shop.price(0) == 0\n").verdict == "misses"


def test_a_hash_of_the_source_tells_nothing(judge, small):
    known = hashlib.sha256(small["0.1"].subject["shop.py"].encode()).hexdigest()
    verdict = judge(
        "import hashlib, inspect, shop\n"
        f"def test_a(): assert hashlib.sha256(inspect.getsource(shop).encode()).hexdigest() == {known!r}\n"
    )
    assert verdict.verdict == "overstrict"


def test_a_line_number_tells_nothing(judge):
    verdict = judge(RIGHT + "def test_line(): assert shop.price.__code__.co_firstlineno == 5\n")
    assert verdict.verdict in ("overstrict", "passed")
    # Where it is accepted, it is right by chance alone, and catches nothing.
    assert verdict.matrix.get("test_line", ()) == ()


KNOWS_THE_PHASE = """
def test_phase():
    import gc
    gc.unfreeze()
    for one in gc.get_objects():
        if type(one).__name__ == "Recorder":
            assert one.explain
"""


def test_nothing_that_a_trial_is_told_tells_when_bugs_are_tried(judge):
    verdict = judge(RIGHT + KNOWS_THE_PHASE)
    assert verdict.verdict == "overstrict"
    verdict = judge(KNOWS_THE_PHASE.replace("assert one.explain", "assert not one.until"))
    assert verdict.verdict in ("overstrict", "invalid")


def test_every_failing_test_is_named_though_a_trial_ends_with_the_first(judge):
    verdict = judge(RIGHT + "def test_a(): assert 0\ndef test_b(): assert 0\n")
    assert verdict.verdict == "overstrict"
    assert verdict.versions[0].tests == ("test_a", "test_b")


def test_what_failed_once_is_not_forgotten_when_all_are_tried_again():
    ran = [TestRun("t::test_a", "failed"), TestRun("t::test_a", "passed"), TestRun("t::test_b", "passed")]
    short, full = Record("finished", tuple(ran[:1])), Record("finished", tuple(ran[1:]))
    steady = Record("finished", tuple(ran))
    assert _with_failures(full, short).tests == (ran[0], ran[2])
    assert _with_failures(steady, short) == steady


FORGES = """
def test_forge():
    import gc
    gc.unfreeze()
    for one in gc.get_objects():
        if type(one).__name__ == "Recorder":
            one.send({"event": "result", "id": "test_answer.py::%s", "outcome": "passed", "unawaited": [], "lost": [],
                      "called": [], "reached": []})
"""


@pytest.mark.parametrize(
    ("name", "said"),
    [('test_" + "else', "`test_else`, which the answer does not have"), ("test_price", "`test_price`, more often")],
)
def test_a_result_that_no_test_gave_is_refused_and_flagged(judge, name, said):
    verdict = judge(RIGHT + FORGES % name)
    assert verdict.verdict == "invalid"
    assert said in verdict.headline and said in verdict.flags[0]


def test_a_learner_reads_the_real_program(judge, small):
    verdict = judge("import shop\nasync def test_a(): await shop.price('x')\n")
    explanation = verdict.versions[0].explanation
    line = next(n for n, text in enumerate(small["0.1"].subject["shop.py"].split("\n"), 1) if "if n < 0" in text)
    assert f"shop.py:{line}: in price\n    if n < 0:\n" in explanation
    assert "'<' not supported between instances of 'str' and 'int'" in explanation
