"""Kinds `fixture`, `config` and `predict`; `command` has a file of its own."""

from dataclasses import replace

import pytest

from checker.contract import load
from checker.grade import grade, predict, source
from tests.checker.grade.conftest import CONTRACT
from tests.checker.graded import findings, results

FIXTURE = """
import pytest
from desk import Desk


@pytest.fixture
def open_desk():
    desk = Desk()
    yield desk
    desk.close()
"""


def test_a_right_fixture_passes(judge):
    verdict = judge("0.2", FIXTURE)
    assert (verdict.verdict, verdict.headline) == (
        "passed",
        "Works with all 2 correct versions and avoids 2 of 2 bugs.",
    )


def test_a_fixture_with_one_program_is_not_told_of_all_versions(engine):
    exercise = next(one for one in load(CONTRACT, {}) if one.id == "0.2")
    verdict = grade(replace(exercise, variants=()), {"conftest.py": FIXTURE}, engine)
    assert verdict.headline == "Works and avoids 2 of 2 bugs."


def test_a_fixture_is_told_which_bug_it_has(judge):
    verdict = judge("0.2", FIXTURE.replace("    desk.close()\n", ""))
    assert verdict.verdict == "misses"
    assert results(verdict) == {
        "as it is": "accepted",
        "has_a_name": "accepted",
        "never_closes": "missed",
        "opens_two": "caught",
    }
    never = next(version for version in verdict.versions if version.name == "never_closes")
    assert never.hint == "the desk stays open for ever" and "assert" in never.explanation


@pytest.mark.parametrize(
    "answer, verdict",
    [
        ("import pytest\n", "empty"),
        ("import pytest\n@pytest.fixture\ndef other(): pass\n", "invalid"),
        ("import pytest\n@pytest.fixture\ndef open_desk(): return 3\n", "overstrict"),
        ("import nope\ndef f(): pass\n", "invalid"),
        ("import pytest, time\n@pytest.fixture\ndef open_desk(): time.sleep(1000)\n", "timed_out"),
    ],
)
def test_a_fixture_that_does_not_work(judge, answer, verdict):
    assert judge("0.2", answer).verdict == verdict


def test_a_fixture_that_works_in_one_order_only_is_told(judge):
    kept = FIXTURE.replace(
        "    desk = Desk()\n", "    COUNT.append(1)\n    desk = Desk() if len(COUNT) < 5 else 3\n"
    ).replace("from desk import Desk\n", "from desk import Desk\nCOUNT = []\n")
    verdict = judge("0.2", kept)
    assert verdict.verdict == "invalid"
    assert {kind for kind, _, _ in findings(verdict)} == {"order_dependent"}


CONFIG = """
[pytest]
asyncio_mode = "auto"
asyncio_default_fixture_loop_scope = "function"
strict_markers = true
markers = ["slow: takes long"]
filterwarnings = ["error::RuntimeWarning", "error::pytest.PytestUnraisableExceptionWarning"]
"""


def test_a_right_configuration_passes(judge):
    verdict = judge("0.3", CONFIG)
    assert verdict.verdict == "passed", verdict


@pytest.mark.parametrize(
    "start, bug", [("strict_markers", "has_a_mark_with_a_typo"), ("filterwarnings", "awaits_nothing")]
)
def test_a_configuration_that_lacks_a_line_misses_its_bug(judge, start, bug):
    verdict = judge("0.3", "\n".join(line for line in CONFIG.splitlines() if not line.startswith(start)))
    assert verdict.verdict == "misses"
    assert [name for name, result in results(verdict).items() if result == "missed"] == [bug]


def test_a_configuration_under_which_a_sound_suite_fails_is_told(judge):
    verdict = judge("0.3", CONFIG.replace('"auto"', '"strict"'))
    assert verdict.verdict == "overstrict"
    assert verdict.headline.startswith("Under your configuration `test_")
    assert not verdict.findings


def test_a_configuration_may_require_the_plugin(judge):
    assert judge("0.3", CONFIG + 'required_plugins = ["pytest-asyncio>=1.0"]\n').verdict == "passed"


def test_a_configuration_that_warns_is_told(judge):
    verdict = judge("0.3", CONFIG.replace('asyncio_default_fixture_loop_scope = "function"\n', ""))
    assert results(verdict)["warns_about_the_loop_scope"] == "missed"


@pytest.mark.parametrize(
    "answer, verdict",
    [
        ("[pytest\n", "invalid"),
        ("[pytest]\nasyncio_mode = 3\n", "invalid"),
        ('[pytest]\naddopts = ["--collect-only"]\n', "invalid"),
        ('[pytest]\nasyncio_mode = "strict"\n', "overstrict"),
        ("", "empty"),
    ],
)
def test_a_configuration_that_does_not_work(judge, answer, verdict):
    assert judge("0.3", answer).verdict == verdict


def test_a_right_prediction_passes_however_it_is_spelled(judge):
    assert (
        judge("0.4", 'prediction = {"test_a": "passed", "test_b": "passed", "test_c": "failed"}').verdict
        == "passed"
    )
    assert (
        judge(
            "0.4", 'x = 1\nprediction = {"test_c": " Failed", "test_b": "PASSED", "test_a": "passed"}\n'
        ).verdict
        == "passed"
    )


@pytest.mark.parametrize(
    "answer",
    [
        'prediction: dict = {"test_a": "passed", "test_b": "passed", "test_c": "failed"}',
        'prediction = {}\nprediction["test_a"] = prediction["test_b"] = "passed"\nprediction["test_c"] = "failed"',
        'prediction = dict(test_a="passed", test_b="passed", test_c="failed")',
        '{"test_a": "passed", "test_b": "passed", "test_c": "failed"}',
        'OK = "failed"\nOK: str = "passed"\nprediction = {"test_a": OK, "test_b": OK, "test_c": "failed"}',
        'OK = "passed"\nprediction = dict(test_a=OK, test_b=OK)\nprediction["test_c"] = "failed"',
        'OK, NO = "passed", "failed"\nprediction = {"test_a": OK, "test_b": OK, "test_c": NO}',
    ],
    ids=["typed", "by key", "called", "without a name", "by a name", "called by a name", "by two names"],
)
def test_a_prediction_may_be_written_in_other_ways(judge, answer):
    assert judge("0.4", answer).verdict == "passed"


def test_a_number_may_be_a_sum_of_others():
    text = "both = 1 + 2\nprediction = {'test_a': both + 4, 'test_b': 1 + True}"
    assert predict.prediction(text.replace(", 'test_b': 1 + True", "")) == {"test_a": 7}
    with pytest.raises(source.Unusable, match="plain values"):
        predict.prediction(text)


def test_a_wrong_belief_is_answered_with_its_hint(judge):
    verdict = judge("0.4", 'prediction = {"test_a": "passed", "test_b": "failed", "test_c": "failed"}')
    assert (verdict.verdict, verdict.headline) == ("misses", "2 of 3 predictions are what the machine did.")
    assert [(version.name, version.result, version.hint) for version in verdict.versions] == [
        ("believes_that_b_fails", "missed", "a coroutine is true")
    ]
    assert ("wrong_prediction", "test_b", 0) in findings(verdict)


@pytest.mark.parametrize(
    "answer, verdict, kind",
    [
        ('prediction = {"test_a": ..., "test_b": ..., "test_c": ...}', "empty", None),
        ('prediction = {"test_a": "passed"}', "misses", "unanswered"),
        (
            'prediction = {"test_a": "pased", "test_b": "passed", "test_c": "failed"}',
            "misses",
            "unknown_word",
        ),
        (
            'prediction = {"test_a": "passed", "test_b": "passed", "test_c": "failed", "test_d": "failed"}',
            "passed",
            "unknown_key",
        ),
        ('prediction = {"test_a": open("x")}', "invalid", None),
        ('prediction = {"test_a": OK}\nOK = "passed"', "invalid", None),
        ('OK, NO = "passed"\nprediction = {"test_a": OK}', "invalid", None),
        ('OK = "passed"\nOK = open("x")\nprediction = {"test_a": OK}', "invalid", None),
        ("prediction = 3", "invalid", None),
        ("guess = {}", "empty", None),
    ],
)
def test_a_prediction_that_is_not_one(judge, answer, verdict, kind):
    said = judge("0.4", answer)
    assert said.verdict == verdict
    if kind:
        assert kind in {finding.kind for finding in said.findings}


def test_a_fixture_file_that_changes_what_tests_do_is_found_out(judge):
    """Its fixture gives a desk that fits every given test, and its hook lets nothing fail."""
    hook = """

@pytest.hookimpl(tryfirst=True)
def pytest_runtest_call(item):
    item.obj = lambda **_: None
"""
    verdict = judge("0.2", FIXTURE.replace("    desk.close()\n", "") + hook)
    assert verdict.verdict == "invalid"
    assert "Look for a hook" in verdict.headline
    assert any("asserts what is false" in flag for flag in verdict.flags)


def test_a_prediction_that_python_cannot_write_out_is_wrong_and_no_crash(judge):
    verdict = judge("0.4", f'prediction = {{"test_a": 0x{"f" * 6000}, "test_b": "passed", "test_c": "failed"}}')
    assert (verdict.verdict, verdict.headline) == ("misses", "2 of 3 predictions are what the machine did.")
