"""Both engines say the same of the same trial."""

import time

import pytest

from checker.engine import Trial
from tests.checker.processes import gone


def outcomes(record) -> dict[str, str]:
    return {test.id.split("::")[1]: test.outcome for test in record.tests}


def test_outcomes_are_told_apart(run):
    record = run("""
import asyncio, pytest

def test_passes(): assert True
async def test_fails(): assert await asyncio.sleep(0, 1) == 2
def test_raises_nothing():
    with pytest.raises(ValueError): pass
def test_crashes(): raise KeyError("x")
async def test_group_of_assertions():
    async with asyncio.TaskGroup() as group:
        async def check(): assert 0
        group.create_task(check())
@pytest.fixture
def broken(): raise RuntimeError("no")
def test_setup_crashes(broken): pass
@pytest.fixture
def asserting():
    yield
    assert 0
def test_teardown_asserts(asserting): pass
@pytest.mark.skip
def test_skipped(): pass
@pytest.mark.xfail
def test_expected_failure(): assert 0
""")
    assert record.end == "finished"
    assert outcomes(record) == {
        "test_passes": "passed",
        "test_fails": "failed",
        "test_raises_nothing": "failed",
        "test_crashes": "errored",
        "test_group_of_assertions": "failed",
        "test_setup_crashes": "errored",
        "test_teardown_asserts": "failed",
        "test_skipped": "not_collected",
        "test_expected_failure": "not_collected",
    }
    reasons = {test.id.split("::")[1]: test.reason for test in record.tests if test.reason}
    assert reasons == {"test_skipped": "skipped", "test_expected_failure": "xfailed"}


def test_a_set_up_that_pytest_refuses_is_no_assertion(run):
    record = run("""
import pytest

@pytest.fixture(scope="session")
async def too_narrow(tmp_path): pass
def test_refused(too_narrow): pass
@pytest.fixture
def failing(): pytest.fail("the program left a file open")
def test_asserts_in_its_fixture(failing): pass
""")
    assert outcomes(record) == {"test_refused": "errored", "test_asserts_in_its_fixture": "failed"}


def test_a_failure_is_placed_and_explained_on_request(run):
    answer = "\n\ndef double(x): return x * 3\n\ndef test_it():\n    assert double(2) == 4\n"
    plain, explained = run(answer).tests[0], run(answer, explain=True).tests[0]
    assert plain.lines == explained.lines == (("test_answer.py", 6),)
    assert plain.explanation == ""
    assert explained.explanation.startswith("test_answer.py:6: in test_it")
    assert "assert 6 == 4" in explained.explanation


def test_an_explanation_holds_no_frames_of_libraries(run):
    answer = "import json\n\ndef test_it():\n    json.loads('{')\n"
    assert run(answer, explain=True).tests[0].explanation.splitlines()[:2] == [
        "test_answer.py:4: in test_it",
        "    json.loads('{')",
    ]


def test_an_error_while_pytest_shuts_down_spares_what_the_tests_did(run):
    strict = '[pytest]\nfilterwarnings = ["error"]\nasyncio_default_fixture_loop_scope = "function"\n'
    record = run(
        "import atexit\n\ndef test_it(pytestconfig):\n    pytestconfig.add_cleanup(lambda: 1 / 0)\n",
        {"pytest.toml": strict},
    )
    assert (record.end, outcomes(record)) == ("finished", {"test_it": "passed"})
    assert any("ZeroDivisionError" in warning for warning in record.warnings)


def test_a_failure_outside_the_folder_is_told_without_frames(run):
    answer = "import pytest\n\n@pytest.fixture(scope='session')\ndef wide(tmp_path): pass\n\ndef test_it(wide): pass\n"
    explanation = run(answer, explain=True).tests[0].explanation
    assert explanation.startswith("E   Failed: ScopeMismatch: You tried to access the function scoped fixture tmp_path")
    assert "site-packages" not in explanation


def test_the_private_folder_and_addresses_are_not_in_what_is_said(run):
    test = run("def test_it():\n    assert [object()] == [__file__]\n", explain=True).tests[0]
    assert "0x…" in test.explanation
    assert "trial-" not in test.explanation


def test_order_and_repetition(run):
    answer = "def test_a(): pass\nclass TestB:\n    def test_b(self): pass\n"
    names = [test.id.split("::")[-1] for test in run(answer, order="reversed", repeat=2).tests]
    assert names == ["test_b", "test_a", "test_b", "test_a"]


def test_each_repetition_sets_its_fixtures_up_anew(run):
    record = run(
        "import pytest\nN = []\n@pytest.fixture\ndef one():\n    N.append(1)\n    yield len(N)\n"
        "def test_it(one, record_property): record_property('n', one)\n",
        repeat=3,
    )
    assert [test.properties["n"] for test in record.tests] == [1, 2, 3]


def test_each_repetition_has_an_instance_of_its_own(run):
    record = run(
        "import unittest\nclass TestIt:\n    n = 0\n"
        "    def test_a(self):\n        self.n += 1\n        assert self.n == 1\n"
        "class Case(unittest.IsolatedAsyncioTestCase):\n    async def test_b(self):\n        self.assertEqual(1, 1)\n",
        repeat=3,
    )
    assert [test.outcome for test in record.tests] == ["passed"] * 6


def test_outcomes_of_unittest_are_told_apart(run):
    record = run("""
import unittest

class Case(unittest.IsolatedAsyncioTestCase):
    async def test_passes(self): self.assertEqual(1, 1)
    async def test_fails(self): self.assertEqual(1, 2)
    async def test_crashes(self): raise KeyError
    async def test_raises_nothing(self):
        with self.assertRaises(ValueError): pass
    @unittest.skip("later")
    async def test_skipped(self): pass
    def test_skips(self): self.skipTest("later")
""")
    assert {test.id.split("::")[-1]: test.outcome for test in record.tests} == {
        "test_passes": "passed",
        "test_fails": "failed",
        "test_crashes": "errored",
        "test_raises_nothing": "failed",
        "test_skipped": "not_collected",
        "test_skips": "not_collected",
    }


def test_a_long_name_is_cut_and_stays_itself(run):
    record = run("import pytest\n@pytest.mark.parametrize('x', ['a' * 50_000, 'a' * 50_001])\ndef test_it(x): pass\n")
    assert [test.outcome for test in record.tests] == ["passed"] * 2
    assert len({test.id for test in record.tests}) == 2
    assert max(len(test.id) for test in record.tests) <= 300


def test_a_message_of_any_length_is_soon_told(run):
    began = time.monotonic()
    record = run("def test_it():\n    assert 0, 'a/' * 2_000_000\n", explain=True)
    assert outcomes(record) == {"test_it": "failed"}
    assert time.monotonic() - began < 20


def test_an_error_that_cannot_be_shown_is_an_error(run):
    record = run(
        "class Mute(Exception):\n    def __str__(self): raise RuntimeError\n    __repr__ = __str__\n"
        "def test_it(): raise Mute\n"
    )
    assert [(test.outcome, test.error) for test in record.tests] == [("errored", "Mute")]


def test_selection(run):
    record = run("def test_a(): pass\ndef test_b(): pass\n", select=("test_answer.py::test_b",))
    assert outcomes(record) == {"test_b": "passed"}


def test_an_unawaited_coroutine_is_named_with_its_line(run):
    record = run(
        "import shop\nasync def test_it():\n    x = 1\n    assert shop.price()\n",
        {"shop.py": "async def price():\n    return 1\n"},
    )
    assert record.tests[0].outcome == "passed"
    assert record.tests[0].unawaited == ((4, "price"),)


def test_a_coroutine_that_the_program_drops_is_not_blamed_on_the_test(run):
    record = run(
        "import shop\nasync def test_it():\n    await shop.buy()\n",
        {"shop.py": "async def mail(): pass\nasync def buy():\n    mail()\n"},
    )
    assert record.tests[0].unawaited == ()
    assert any("mail" in warning for warning in record.warnings)


def test_a_failure_lost_in_a_task_is_named_with_its_line(run):
    record = run(
        "import asyncio\nasync def test_it():\n    async def check():\n        assert 0, 'lost'\n"
        "    asyncio.create_task(check())\n    await asyncio.sleep(0)\n    await asyncio.sleep(0)\n"
    )
    assert record.tests[0].outcome == "passed"
    assert [line for line, _ in record.tests[0].lost] == [4]


def test_what_the_tests_call_is_watched_on_request(run):
    program = """
class Shop:
    '''Sells.'''
    async def price(self):
        '''In cents.'''
        def vat(): return 1
        return [vat]
def other(): pass
if True:
    def late(): pass
"""
    answer = """
import inspect, pytest, shop

@pytest.fixture
def late(): shop.late()
async def test_a():
    [vat] = await shop.Shop().price()
    vat()
def test_b(late): assert shop.Shop.price.__doc__ == "In cents."
async def test_c(): shop.Shop().price().close()
def test_d(): assert inspect.getsource(shop.other) == "def other(): pass\\n"
"""
    record = run(answer, {"shop.py": program}, watch=("shop.py",))
    assert [test.outcome for test in record.tests] == ["passed"] * 4, record
    assert [test.called for test in record.tests] == [("shop.py::Shop.price",), (), (), ()]
    assert [test.reached for test in record.tests] == [("shop.py::Shop.price",), ("shop.py::late",), (), ()]


def test_the_tests_that_are_to_run_first_do(run):
    answer = """
import pytest
def test_a(): pass
@pytest.mark.parametrize("n", [1, 2])
def test_b(n): pass
def test_c(): pass
"""
    record = run(answer, first=("test_answer.py::test_b", "test_answer.py::test_c"))
    assert [test.id.split("::")[1] for test in record.tests] == ["test_b[1]", "test_b[2]", "test_c", "test_a"]


def test_a_hang_names_the_test_and_keeps_what_was_known(run):
    began = time.monotonic()
    record = run(
        "import time\ndef test_a(): pass\ndef test_b(): time.sleep(1000)\ndef test_c(): pass\n", seconds=0.5
    )
    assert record.end == "timed_out"
    assert outcomes(record) == {"test_a": "passed", "test_b": "timed_out"}
    assert record.culprit == "test_answer.py::test_b"
    assert time.monotonic() - began < 30


@pytest.mark.parametrize(
    "how",
    [
        "while True: pass",
        "import signal; signal.alarm(0); signal.pause()",
        "import re; re.match(r'(a+)+$', 'a' * 60 + 'b')",
    ],
    ids=["loop", "signal", "regex"],
)
def test_any_hang_is_ended(run, how):
    assert run(f"def test_it():\n    {how}\n", seconds=0.5).end == "timed_out"


@pytest.mark.parametrize(
    "where",
    [
        "import os\nos._exit(0)\n",
        "import os\ndef test_a(): os._exit(0)\n",
        "import os\ndef test_a(): os.kill(os.getpid(), 9)\n",
    ],
    ids=["import", "test", "signal"],
)
def test_leaving_early_is_not_an_end(run, where):
    record = run(where)
    assert record.end == "died"
    assert outcomes(record) == {}


def test_a_collection_error_is_a_problem_with_its_line(run):
    record = run("import os\nimport nope\ndef test_a(): pass\n")
    [(path, line, message)] = record.problems
    assert (path, line, record.tests) == ("test_answer.py", 2, ())
    assert "No module named 'nope'" in message


def test_a_conftest_and_a_package_are_found(run):
    record = run(
        "from app.shop import price\ndef test_it(one): assert price() == one\n",
        {
            "app/__init__.py": "",
            "app/shop.py": "from app.deep import N\ndef price(): return N\n",
            "app/deep.py": "N = 1\n",
            "conftest.py": "import pytest\n@pytest.fixture\ndef one(): return 1\n",
        },
    )
    assert outcomes(record) == {"test_it": "passed"}


def test_a_configuration_of_its_own_is_obeyed(run):
    strict = '[pytest]\nasyncio_mode = "strict"\nasyncio_default_fixture_loop_scope = "function"\n'
    record = run("async def test_it(): pass\n", {"pytest.toml": strict})
    assert outcomes(record) == {"test_it": "failed"}


def test_a_refused_configuration_is_told_apart(run):
    record = run("def test_it(): pass\n", {"pytest.toml": "[pytest]\nstrict = true\nnope = 1\n"})
    assert record.end == "usage"
    assert "nope" in record.output


def test_a_command_runs_as_it_is_and_says_what_it_left(run):
    record = run("def test_a(): pass\ndef test_b(): assert 0\n", command=("-x", "-k", "test_b", "-v"))
    assert outcomes(record) == {"test_b": "failed"}
    assert record.ran["verbose"] and record.ran["stopped"]
    assert record.ran["bodies"] == ["test_answer.py::test_b"]
    assert ".pytest_cache/v/cache/lastfailed" in record.ran["left"]
    assert "1 failed" in record.output


def test_a_command_without_arguments_is_one_too(run):
    record = run("def test_a(): print('hidden')\ndef test_b(): assert 0, __file__\n", command=())
    assert record.ran["bodies"] == ["test_answer.py::test_a", "test_answer.py::test_b"]
    assert record.ran["shown"] == []
    assert "AssertionError: test_answer.py" in record.output  # without the folder


def test_nothing_of_the_checker_or_the_real_app_can_be_imported(run):
    record = run(
        "import pytest\n@pytest.mark.parametrize('name', ['checker', 'app', 'checker.contract'])\n"
        "def test_it(name):\n    with pytest.raises(ImportError):\n        __import__(name)\n"
    )
    assert set(outcomes(record).values()) == {"passed"}


def test_settings_from_outside_are_not_obeyed(run, monkeypatch):
    monkeypatch.setenv("PYTEST_ADDOPTS", "--collect-only")
    monkeypatch.setenv("DATABASE_URL", "postgresql://nowhere")
    record = run("import os\ndef test_it(): assert 'DATABASE_URL' not in os.environ\n")
    assert outcomes(record) == {"test_it": "passed"}


def test_processes_that_outlive_the_trial_are_ended(run, tmp_path):
    mark = tmp_path / "pid"
    record = run(f"""
import subprocess, sys
def test_it():
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1000)"], start_new_session=True)
    open({str(mark)!r}, "w").write(str(child.pid))
""")
    assert outcomes(record) == {"test_it": "passed"}
    assert gone(int(mark.read_text()))  # the system takes the process down after the signal


def test_what_is_printed_is_capped(run):
    record = run("def test_it():\n    import os\n    for _ in range(100): os.write(1, b'x' * 2**20)\n")
    assert len(record.output) <= 8192


def test_a_forged_channel_counts_for_nothing(run):
    record = run("""
import os
def test_it():
    for number in range(3, 30):
        try: os.write(number, b'{"event": "nonsense"}\\n')
        except OSError: pass
""")
    assert record.end == "died" or outcomes(record) == {"test_it": "passed"}
    assert record.end != "finished" or not record.culprit


def test_many_trials_keep_their_own_records(engine):
    trials = [Trial({"test_answer.py": f"def test_{n}(): assert {n % 2}\n"}) for n in range(6)]
    found = dict(engine.run(trials))
    assert {index: record.tests[0].id for index, record in found.items()} == {
        n: f"test_answer.py::test_{n}" for n in range(6)
    }
    assert [found[n].tests[0].outcome for n in range(6)] == ["failed", "passed"] * 3


def test_leaving_the_results_early_ends_the_rest(engine):
    trials = [
        Trial({"test_answer.py": "def test_a(): pass\n"}),
        *(Trial({"test_answer.py": "import time\ndef test_a(): time.sleep(1000)\n"}) for _ in range(3)),
    ]
    results = engine.run(trials)
    index, record = next(results)
    results.close()
    assert (index, record.end) == (0, "finished"), record
    assert dict(engine.run(trials[:1]))[0].end == "finished"


@pytest.mark.parametrize(
    "options, named",
    [
        ("-v", True),
        ("-rA", True),
        ("-q -rp", False),
        ("-q -rpf", True),
        ("-rf", False),
        ("-rA --no-summary", False),
        ("-v -q", False),
        ("-v -p no:terminalreporter", False),
    ],
)
def test_whether_a_command_names_each_test(run, options, named):
    record = run("def test_a(): pass\ndef test_b(): assert 0\n", command=tuple(options.split()))
    assert record.ran["verbose"] is named
