"""Kind `tests`: what an answer is told."""

import pytest

from checker.engine import EngineError, TestRun
from checker.engine.isolation import Isolation
from checker.grade import bugs, grade, source
from checker.verdict import VERDICTS
from tests.checker.graded import findings, results

RIGHT = """
import asyncio

import pytest
from shop import price


async def test_price():
    async with asyncio.timeout(0.3):
        assert await price(2) == 4


async def test_negative():
    with pytest.raises(ValueError):
        await asyncio.wait_for(price(-1), 0.3)
"""


def test_a_right_answer_passes_and_says_on_request_which_test_caught_what(judge):
    verdict = judge("0.1", RIGHT, matrix=True)
    assert verdict.verdict == "passed"
    assert verdict.headline == "Accepts all 4 correct versions and catches 3 of 3 bugs."
    assert verdict.matrix == {
        "test_price": ("triples",),
        "test_negative": ("accepts_negative_numbers", "raises_another_error"),
    }
    assert verdict.findings == ()


def test_another_right_answer_passes(judge):
    assert (
        judge(
            "0.1",
            """
import asyncio, pytest, shop
class TestPrice:
    @pytest.mark.parametrize("n, expected", [(0, 0), (1, 2), (7, 14)], ids=str)
    async def test_it(self, n, expected):
        assert await asyncio.wait_for(shop.price(n), timeout=0.3) == expected
def test_negative():
    try:
        asyncio.run(shop.price(-1))
    except ValueError:
        return
    except Exception as error:
        pytest.fail(f"{error!r}")
    pytest.fail("accepted")
""",
        ).verdict
        == "passed"
    )


def test_a_mark_of_another_plugin_that_is_installed_works(judge):
    marked = RIGHT.replace("async def test_price", "@pytest.mark.anyio\nasync def test_price")
    assert judge("0.1", marked).verdict == "passed"


def test_a_missed_bug_comes_with_its_hint(judge):
    verdict = judge("0.1", RIGHT.replace("price(2) == 4", "price(0) == 0"))
    assert verdict.verdict == "misses"
    assert results(verdict)["triples"] == "missed"
    assert [version.hint for version in verdict.versions if version.name == "triples"] == [
        "customers pay too much"
    ]
    assert verdict.headline == "Accepts all 4 correct versions and catches 2 of 3 bugs."


def test_an_overstrict_answer_names_the_version_and_tries_no_bug(judge):
    verdict = judge("0.1", RIGHT.replace("ValueError)", 'ValueError, match="^negative$")'))
    assert verdict.verdict == "overstrict"
    assert results(verdict) == {
        "as it is": "accepted",
        "adds": "accepted",
        "says_more": "rejected",
        "keeps_old_code": "accepted",
        "triples": "not_tried",
        "accepts_negative_numbers": "not_tried",
        "raises_another_error": "not_tried",
    }
    rejected = next(version for version in verdict.versions if version.result == "rejected")
    assert (rejected.tests, rejected.hint) == (("test_negative",), "the words are free")
    assert "negative price" in rejected.explanation


def test_a_wrong_expectation_is_explained_by_pytest(judge):
    verdict = judge("0.1", "import shop\nasync def test_it():\n    assert await shop.price(2) == 5\n")
    assert verdict.verdict == "overstrict"
    assert "assert 4 == 5" in verdict.versions[0].explanation


def test_reading_the_source_does_not_help(judge):
    verdict = judge(
        "0.1", "import inspect, shop\ndef test_it():\n    assert 'n * 3' not in inspect.getsource(shop)\n"
    )
    assert verdict.verdict == "overstrict"
    assert results(verdict)["keeps_old_code"] == "rejected"


def test_a_crash_catches_nothing_and_says_so(judge):
    verdict = judge(
        "0.1",
        "import shop\nasync def test_it():\n    assert await shop.price(3)\n    [0] * 7 + [1 / (await shop.price(3) - 9)]\n",
    )
    triples = next(version for version in verdict.versions if version.name == "triples")
    assert triples.result == "missed"
    assert triples.sentence == (
        "test_it crashed on it with ZeroDivisionError (line 4). A crash catches nothing: assert what "
        "must hold."
    )


BLIND = """
import shop
async def test_a():
    assert await shop.price(1) == 2
"""


def test_a_hang_catches_nothing_and_says_so(judge):
    [never] = judge("0.6", BLIND).of("mutant")
    assert never.result == "missed"
    assert never.sentence == (
        "test_a hung on it and was stopped. A hang catches nothing: set a time limit, then assert."
    )


def test_a_hang_past_a_time_limit_says_where_to_look(judge):
    waits_again = """
import asyncio, shop

async def stubborn():
    try:
        await shop.price(1)
    finally:
        await asyncio.sleep(1000 if asyncio.current_task().cancelling() else 0)

async def test_a():
    async with asyncio.timeout(0.1):
        await stubborn()
"""
    [never] = judge("0.6", waits_again).of("mutant")
    assert never.result == "missed"
    assert never.sentence == (
        "test_a hung on it and was stopped. A hang catches nothing: something waits where no limit reaches, such as "
        "a task that is cancelled and waits once more."
    )


def test_a_hang_spares_the_other_tests(judge):
    verdict = judge(
        "0.6", BLIND + "def test_b():\n    assert 'sleep(1000)' not in open(shop.__file__).read()\n"
    )
    [never] = verdict.of("mutant")
    assert (never.result, never.tests) == ("caught", ("test_b",))


def test_a_mark_that_limits_the_time_catches_a_hang(judge):
    marked = BLIND.replace("async def", "@pytest.mark.timeout(0.3)\nasync def").replace(
        "import shop", "import pytest, shop"
    )
    assert judge("0.6", marked).verdict == "passed"


def test_a_time_limit_of_the_answers_own_catches_a_hang(judge):
    verdict = judge(
        "0.6",
        BLIND.replace("    assert", "    async with asyncio.timeout(0.2):\n        assert").replace(
            "import shop", "import asyncio, shop"
        ),
    )
    assert verdict.verdict == "passed"


def test_a_time_limit_inside_a_task_group_catches_a_hang(judge):
    verdict = judge(
        "0.6",
        BLIND.replace(
            "    assert",
            "    async with asyncio.TaskGroup():\n        async with asyncio.timeout(0.2):\n            assert",
        ).replace("import shop", "import asyncio, shop"),
    )
    assert verdict.verdict == "passed"


def test_a_time_limit_in_another_task_catches_a_hang(judge):
    test = "import asyncio, shop\nasync def test_a():\n    task = asyncio.ensure_future(asyncio.wait_for(shop.price(1), 0.2))\n    assert await task == 2\n"
    assert judge("0.6", test).verdict == "passed"


@pytest.mark.parametrize("in_program, outcome", [(False, "failed"), (True, "errored")])
def test_a_time_limit_of_the_program_is_not_one_of_the_answers(in_program, outcome):
    tests = source.tests_in(
        {"test_answer.py": "async def test_a():\n    await asyncio.wait_for(f(), 1)\n    g()\n"}
    )
    run = TestRun(
        "test_a", "errored", error="TimeoutError", lines=(("test_answer.py", 3),), in_program=in_program
    )
    assert bugs.outcome(run, tests) == outcome


def test_a_hang_on_a_correct_version_is_timed_out_and_names_the_test(judge):
    verdict = judge("0.1", "import time\ndef test_a(): pass\ndef test_b(): time.sleep(1000)\n")
    assert verdict.verdict == "timed_out"
    assert verdict.headline.startswith("`test_b` never ended")


@pytest.mark.parametrize(
    "answer, verdict, finding",
    [
        ("", "empty", None),
        ("# nothing yet\n", "empty", None),
        ("def tset_it():\n    assert 0\n", "empty", ("near_miss", "tset_it", 1)),
        ("def check_test():\n    assert 0\n", "empty", ("near_miss", "check_test", 1)),
        ("def helper():\n    def test_it():\n        assert 0\n", "empty", ("near_miss", "test_it", 2)),
        (
            "class TestIt:\n    def __init__(self): pass\n    def test_it(self): pass\n",
            "empty",
            ("near_miss", "TestIt", 1),
        ),
        ("class Checks:\n    def test_it(self): pass\n", "empty", ("near_miss", "Checks", 1)),
        ("import pytest\n@pytest.mark.skip\ndef test_it(): assert 0\n", "empty", ("skipped", "test_it", 0)),
        ("import pytest\n@pytest.mark.xfail\ndef test_it(): assert 0\n", "empty", ("skipped", "test_it", 0)),
        ("import pytest\npytest.importorskip('nope')\ndef test_it(): assert 0\n", "empty", None),
        ("def test_it(:\n", "invalid", ("syntax", "", 1)),
        ("import shop\n%time shop\ndef test_it(): pass\n", "invalid", ("magic", "", 2)),
        ("import shop\nawait shop.price(1)\n", "invalid", ("top_level_await", "", 2)),
        ("<<<<<<< mine\ndef test_it(): pass\n", "invalid", ("syntax", "", 1)),
        ("x = 1\n" * 200_000, "invalid", ("too_long", "", 0)),
        ("!ls\n", "invalid", ("magic", "", 1)),
        ("import nope\ndef test_it(): pass\n", "invalid", ("not_collected", "", 1)),
        ("def test_it(unknown): pass\n", "invalid", None),
        ("def test_it():\n    nope\n", "invalid", None),
        ("import os\ndef test_it(): os._exit(0)\n", "invalid", None),
        ("import os\nos._exit(0)\ndef test_it(): pass\n", "invalid", None),
        ("import sys\nsys.exit(0)\ndef test_it(): pass\n", "invalid", None),
        (
            "import pytest\ndef test_it(): pytest.exit('bye', returncode=0)\n",
            "invalid",
            ("not_run", "test_it", 0),
        ),
        (
            "N = []\ndef test_a():\n    N.append(1)\n    assert len(N) == 1\n",
            "invalid",
            ("order_dependent", "test_a", 4),
        ),
        (
            "N = []\ndef test_a(): N.append(1)\ndef test_b(): assert N\n",
            "invalid",
            ("order_dependent", "test_b", 3),
        ),
        (
            "import shop\nasync def test_it():\n    assert shop.price(2) == 4\n",
            "overstrict",
            ("never_awaited", "test_it", 3),
        ),
        (
            "import shop\nasync def test_it():\n    assert shop.price(2)\n",
            "misses",
            ("never_awaited", "test_it", 3),
        ),
        ("def test_it(): assert True\n", "misses", ("constant_assert", "test_it", 1)),
        ("def test_it(): assert (1 == 2, 'no')\n", "misses", ("tuple_assert", "test_it", 1)),
        ("import shop\nasync def test_it(): await shop.price(1)\n", "misses", ("no_check", "test_it", 2)),
        (
            "import shop\nasync def test_it():\n    try:\n        assert await shop.price(2) == 5\n    except AssertionError:\n        pass\n",
            "misses",
            ("swallowed", "test_it", 5),
        ),
        (
            "import pytest, shop\nasync def test_it():\n    with pytest.raises(Exception):\n        await shop.price()\n",
            "misses",
            ("broad_raises", "test_it", 3),
        ),
        (
            "import asyncio, shop\nasync def test_it():\n    async def check():\n        assert await shop.price(2) == 5\n"
            "    asyncio.create_task(check())\n    for _ in range(5): await asyncio.sleep(0)\n    assert True\n",
            "misses",
            ("lost_in_task", "test_it", 4),
        ),
        ("def test_it():\n    assert sum([1, 2]) == 3\n", "misses", ("never_called", "test_it", 0)),
        (
            "import shop\nfrom unittest.mock import AsyncMock, patch\nasync def test_it():\n"
            "    with patch('shop.price', AsyncMock(return_value=4)):\n        assert await shop.price(2) == 4\n",
            "misses",
            ("patched_away", "test_it", 0),
        ),
        ("def test_it(): assert 0\ndef test_it(): assert 1\n", "misses", ("shadowed", "test_it", 2)),
        ("import shop\nasync def test_it(): return await shop.price(2) == 5\n", "misses", ("no_check", "test_it", 2)),
        ("def test_it(): assert (x for x in [0])\n", "misses", ("always_true", "test_it", 1)),
        ("def test_it(): assert test_it\n", "misses", ("always_true", "test_it", 1)),
        ("def test_it():\n    x = 1\n    assert x == x\n", "misses", ("always_true", "test_it", 3)),
        ("def test_it(): assert 1 == 2 or 3\n", "misses", ("constant_assert", "test_it", 1)),
        ("def test_it():\n    return\n    assert 0\n", "misses", ("unreachable", "test_it", 3)),
        (
            "import contextlib\ndef test_it():\n    with contextlib.suppress(Exception): assert 0\n",
            "misses",
            ("swallowed", "test_it", 3),
        ),
        (
            "import asyncio\nasync def no(): assert 0\n"
            "async def test_it():\n    await asyncio.gather(no(), return_exceptions=True)\n    assert 1 == 1\n",
            "misses",
            ("returned_exceptions", "test_it", 4),
        ),
        (
            "from unittest.mock import Mock\ndef test_it():\n    mock = Mock()\n    mock.assert_called_once\n",
            "misses",
            ("not_called", "test_it", 4),
        ),
        ("def check_it():\n    assert 0\n", "empty", ("near_miss", "check_it", 1)),
        ("if __name__ == '__main__':\n    def test_it(): pass\n", "empty", ("near_miss", "test_it", 2)),
        ("import shop\nx = [" + "shop" + ".a" * 900 + "]\ndef test_it(): pass\n", "invalid", None),
    ],
)
def test_an_answer_that_judges_nothing_is_told_why(judge, answer, verdict, finding):
    said = judge("0.1", answer)
    assert said.verdict == verdict, said
    assert said.headline
    if finding is not None:
        assert finding in findings(said)


def test_a_test_that_fails_now_and_then_is_flaky(judge, tmp_path):
    """It fails in its second run, wherever that is, and never again."""
    count = tmp_path / "count"
    answer = f"""
def test_it():
    with open({str(count)!r}, "a") as file:
        file.write("x")
    with open({str(count)!r}) as file:
        assert len(file.read()) != 2
"""
    verdict = judge("0.1", answer)
    assert (verdict.verdict, findings(verdict)) == ("invalid", {("flaky", "test_it", 6)})


@pytest.mark.parametrize("run", range(1, 5))
def test_a_test_that_ends_python_once_judges_nothing(judge, tmp_path, run):
    """It ends Python in one of its first four runs, on whatever version that is, and never again."""
    answer = f"""
import itertools, os
def test_it():
    for number in itertools.count(1):
        try:
            open(f"{tmp_path}/{{number}}", "x").close()
            break
        except FileExistsError:
            pass
    if number == {run}:
        os._exit(3)
"""
    verdict = judge("0.1", answer)
    assert verdict.verdict == "invalid"
    assert "Python ended during `test_it`" in verdict.headline or findings(verdict) == {("flaky", "test_it", 0)}


def test_lines_are_lines_of_the_cell(judge):
    verdict = judge(
        "0.1",
        "import shop\nasync def test_it():\n    assert shop.price(2)\n",
        first_line={"test_answer.py": 3},
    )
    assert ("never_awaited", "test_it", 5) in findings(verdict)


def test_every_verdict_names_engine_isolation_and_versions(judge):
    verdict = judge("0.1", "")
    assert verdict.verdict in VERDICTS
    assert "own machine" in verdict.isolation and "warm" in verdict.engine
    assert set(verdict.libraries) == {"python", "pytest", "pytest-asyncio", "sqlalchemy", "fastapi", "httpx2"}


def test_progress_is_told(judge):
    told = []
    judge("0.1", RIGHT, progress=lambda sentence, done, total: told.append((sentence, done, total)))
    assert ("Trying the correct versions", 4, 4) in told and ("Trying the bugs", 3, 3) in told


def test_a_fixture_named_like_a_test_is_no_test(judge):
    verdict = judge(
        "0.1",
        RIGHT.replace(
            "async def test_price():",
            """@pytest.fixture
def test_number():
    return 2


@pytest.mark.usefixtures("test_number")
async def test_price():""",
            1,
        ),
        matrix=True,
    )
    assert verdict.verdict == "passed"
    assert list(verdict.matrix) == ["test_price", "test_negative"]


TWO_ALIKE = """
import pytest
from shop import price


async def test_negative():
    with pytest.raises(ValueError):
        await price(-1)


async def test_negative_again():
    with pytest.raises(Exception):
        await price(-1)
"""


def test_a_bug_is_tried_until_a_test_catches_it(judge):
    again = "\n\nasync def test_price_again():\n    assert await price(4) == 8\n"
    verdict = judge("0.1", RIGHT + again)
    [triples] = [version for version in verdict.of("mutant") if version.name == "triples"]
    assert (verdict.matrix, triples.tests) == ({}, ("test_price",))


def test_on_request_every_test_is_tried_on_every_bug(judge):
    assert judge("0.1", TWO_ALIKE, matrix=True).matrix == {
        "test_negative": ("accepts_negative_numbers", "raises_another_error"),
        "test_negative_again": ("accepts_negative_numbers",),
    }


def test_a_test_is_not_called_useless_because_another_one_was_first(judge):
    verdict = judge("0.1", TWO_ALIKE)
    assert (verdict.verdict, verdict.findings) == ("misses", ())


class BrokenEngine:
    """An engine that breaks in the middle of its work."""

    name = "broken"
    isolation = Isolation()

    def run(self, trials):
        raise EngineError("The engine's process ended. Nothing was graded; run it again.")
        yield

    def close(self): ...


def test_a_fault_of_the_engine_is_never_the_answers(small):
    verdict = grade(small["0.1"], {"test_answer.py": RIGHT}, BrokenEngine())
    assert verdict.verdict == "grader_error"
    assert verdict.headline.startswith("The grader failed, not your answer.")


def test_a_bug_that_keeps_the_tests_from_loading_is_not_caught(judge):
    [breaks] = judge("0.7", "import shop\n\n\ndef test_it():\n    assert shop.N == 1\n").of("mutant")
    assert (breaks.result, breaks.sentence) == (
        "missed",
        "The tests could not be loaded with it. That catches nothing.",
    )


@pytest.mark.parametrize(
    "answer, depends",
    [
        ("list({1, 2})", True),
        ("list(set(found))", True),
        ("next(iter({name for name in names}))", True),
        ("{1, 2} == found", False),
        ("hash(name)", True),
        ("gate.set()\nlist(found)", False),
    ],
)
def test_what_depends_on_the_order_of_a_set(answer, depends):
    assert source.unordered({"test_answer.py": answer}) is depends
