"""Test files that are rewritten ahead say the same, each time, as those that pytest rewrites itself."""

import warnings

import pytest

from checker.engine import Trial
from checker.engine.fresh import FreshEngine

FAILS = '''
import shop

def helper(): return [shop.price(), 4]

def test_a():
    assert helper() == [3, 5], "both"
'''
PROGRAM = {"shop.py": "def price(): return 3\n"}


def test_a_failure_reads_the_same_each_time(engine, run):
    records = [run(FAILS, PROGRAM, explain=True) for _ in range(2)]
    [alone] = [record for _, record in FreshEngine().run([Trial({"test_answer.py": FAILS, **PROGRAM}, explain=True)])]
    for record in records:
        assert record.tests == alone.tests
        assert record.tests[0].lines == (("test_answer.py", 7),)
        assert "assert [3, 4] == [3, 5]" in record.tests[0].explanation


def warned(text: str) -> str:
    """What this Python says while it compiles a text: the words differ from one version to the next."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        compile(text, "test_answer.py", "exec")
    [warning] = caught
    return str(warning.message)


ESCAPES = "def test_a():\n    assert '\\d'\n"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("def test_a():\n    assert (1, 'always')\n", "assertion is always true, perhaps remove parentheses?"),
        (ESCAPES, warned(ESCAPES)),
    ],
    ids=["tuple", "escape"],
)
def test_what_is_said_while_a_file_is_compiled_is_heard_each_time(run, answer, said):
    for _ in range(2):
        assert any(said in warning for warning in run(answer).warnings)


@pytest.mark.parametrize("answer", ["def test_a(:\n", "x = '\udc80'\n", "x = 1\0\n", "x = " + "-" * 9000 + "1\n"])
def test_what_cannot_be_compiled_is_the_trials_own_trouble(run, answer):
    for _ in range(2):
        record = run(answer)
        assert not record.tests
        assert record.problems or not record.prepared
    assert run("def test_a(): pass\n").tests[0].outcome == "passed"


def test_a_file_is_what_it_is_when_it_is_imported(run):
    before = "def test_a(): assert 0\n"
    changes = "open('test_answer.py', 'w').write('def test_b(): assert 1\\n')\n"
    run(before)
    assert [test.id for test in run(before, {"conftest.py": changes}).tests] == ["test_answer.py::test_b"]


def test_a_hook_that_hears_of_passing_assertions_is_called(run):
    hears = "def pytest_assertion_pass(item, orig): item.user_properties.append(('passed', orig))\n"
    settings = "[pytest]\nenable_assertion_pass_hook = true\n"
    answer = "def test_a(): assert 1 + 1 == 2\n"
    run(answer)
    record = run(answer, {"conftest.py": hears, "pytest.toml": settings})
    assert record.tests[0].properties == {"passed": "1 + 1 == 2"}


LOOKS = '''
import gc

def test_a():
    gc.unfreeze()
    wanted = "".join(["needle ", "of another"])
    seen, found, todo = set(), [], [gc.get_objects()]
    while todo:
        for one in todo.pop():
            if isinstance(one, (str, bytes)):
                if one is not wanted and wanted in str(one): found.append(one)
            elif id(one) not in seen:
                seen.add(id(one))
                todo.append(gc.get_referents(one))
    assert not found
'''


@pytest.mark.parametrize("hidden", ["test_answer.py", "conftest.py", "shop.py"])
def test_a_trial_finds_the_text_of_no_other_answer_and_no_disguise(engine, run, hidden):
    files = {"test_answer.py": "import shop\ndef test_a(): pass\n", "conftest.py": "import shop\n", **PROGRAM}
    files[hidden] += "NEEDLE = 'needle of another'\n"
    how = {"disguised": ("shop.py",), "varied": ("shop.py", "test_answer.py", "conftest.py")}
    assert run(files.pop("test_answer.py"), files, **how).tests[0].outcome == "passed"
    record = run(LOOKS, {"conftest.py": "", **PROGRAM}, seconds=30, **how)
    assert record.tests[0].outcome == "passed", record.tests[0].message


def test_a_trial_finds_what_it_looks_for(engine, run):
    record = run(LOOKS + "NEEDLE = 'needle of another'\n", seconds=30)
    assert record.tests[0].outcome == "failed"
