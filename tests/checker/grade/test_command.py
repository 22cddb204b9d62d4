"""Kind `command`: judged by what it did."""

from dataclasses import replace

import pytest

from checker.contract import ContractError
from checker.grade import grade
from checker.grade.command import DEMANDS
from checker.report.stable import stable
from tests.checker.graded import results


def missed(verdict) -> set[str]:
    return {name for name, result in results(verdict).items() if result == "missed"}


def done(verdict) -> set[str]:
    return {name for name, result in results(verdict).items() if result == "caught"}


@pytest.mark.parametrize(
    "answer",
    [
        "pytest -v test_suite.py::test_b",
        "python -m pytest -vv -k test_b\n",
        "# mine\nuv run pytest \\\n  --verbose test_suite.py::test_b",
        "!pytest -v -k 'b and not test_a'",
        "pytest -o verbosity_test_cases=1 --deselect test_suite.py::test_a",
        "PYTEST_ADDOPTS=-v pytest -k test_b",
    ],
)
def test_any_spelling_of_the_right_command_passes(judge, answer):
    verdict = judge("0.5", answer)
    assert verdict.verdict == "passed", verdict


@pytest.mark.parametrize(
    "answer, bugs",
    [
        ("pytest -v", {"leaves_a_alone"}),
        ("pytest -k test_b", {"names_each_test"}),
        ("pytest -v -q -k test_b", {"names_each_test"}),
        ("pytest -v -k test_b -p no:cacheprovider", {"leaves_a_list_of_failures"}),
        ("pytest -v --collect-only test_suite.py::test_b", {"runs_b", "leaves_a_list_of_failures"}),
        ("uv run -v pytest -k test_b", {"names_each_test"}),
    ],
)
def test_a_command_is_told_what_it_does_not_do(judge, answer, bugs):
    verdict = judge("0.5", answer)
    assert verdict.verdict == "misses"
    assert missed(verdict) == bugs


@pytest.mark.parametrize(
    "answer, wanted",
    [
        ("pytest", {"runs_the_last", "finds_another_failure"}),
        ("pytest --setup-plan", {"plans", "runs_nothing", "opens_nothing"}),
        ("pytest --setup-only", {"plans", "runs_nothing"}),
        ("pytest --setup-show", {"plans", "runs_the_last", "finds_another_failure"}),
        ("pytest --collect-only", {"runs_nothing", "opens_nothing"}),
        ("pytest -s", {"shows", "runs_the_last", "finds_another_failure"}),
        ("pytest --capture tee-sys", {"shows", "runs_the_last", "finds_another_failure"}),
        ("pytest -rP", {"runs_the_last", "finds_another_failure"}),
        ("pytest -W error", {"fails", "runs_the_last", "finds_another_failure"}),
        ("python -W error -m pytest", {"fails", "runs_the_last", "finds_another_failure"}),
        ("PYTHONWARNINGS=error pytest", {"fails", "runs_the_last", "finds_another_failure"}),
        ("pytest -x", {"stops"}),
        ("pytest --maxfail 1", {"stops"}),
        ("pytest --sw", {"stops"}),
        ("pytest --maxfail 2", {"runs_the_last", "finds_another_failure"}),
        ("pytest --durations=1 --durations-min=0", {"lists_one", "runs_the_last", "finds_another_failure"}),
        ("pytest --durations=1 --durations-min=60", {"runs_the_last", "finds_another_failure"}),
        ("pytest --durations=2 -vv", {"names_each", "runs_the_last", "finds_another_failure"}),
        ("uv run pytest -k last", {"starts_with_uv", "runs_the_last", "finds_another_failure", "opens_nothing"}),
        (
            "pytest --cov=shop --cov-report=html:pages",
            {"leaves_pages", "measures", "runs_the_last", "finds_another_failure"},
        ),
    ],
)
def test_what_a_command_did_is_seen(judge, answer, wanted):
    always = {"measures_no_tests"}
    assert done(judge("0.8", answer)) == wanted | always


def test_coverage_of_the_tests_is_told(judge):
    verdict = judge("0.8", "pytest --cov --cov-report=html")
    assert {"measures", "leaves_pages"} <= done(verdict)
    said = next(version.sentence for version in verdict.versions if version.name == "measures_no_tests")
    assert said == "it also measured `test_a.py`"


def test_every_demand_is_made_by_an_exercise_here(small):
    made = {key for id in ("0.5", "0.8") for mutant in small[id].mutants for key in mutant.wants}
    assert made == set(DEMANDS)


def test_a_demand_that_nobody_knows_is_the_authors_mistake(small, engine):
    exercise = small["0.5"]
    typo = replace(exercise.mutants[0], wants={"run": ["test_suite.py::test_b"]})
    with pytest.raises(ContractError, match="`wants` knows no run; it knows runs"):
        grade(replace(exercise, mutants=(typo,)), {"command.txt": "pytest"}, engine)


def test_the_output_is_the_same_on_every_machine(judge):
    first, second = (stable(judge("0.5", "pytest -v").explanation) for _ in range(2))
    assert first == second
    assert first.endswith("\n1 failed, 1 passed\n")
    assert not any(word in first for word in ("platform", "rootdir", "plugins", "asyncio:", "trial-"))


@pytest.mark.parametrize(
    "answer, verdict, words",
    [
        ("", "empty", "Nothing here yet"),
        ("# later", "empty", "No command yet"),
        ("pytest; rm -rf /", "invalid", "`;` is for the shell"),
        ("pytest | tee x", "invalid", "`|` is for the shell"),
        ("pytest 2>&1", "invalid", "`>&` is for the shell"),
        ("pytest $(ls)", "invalid", "for the shell"),
        ("pytest `ls`", "invalid", "for the shell"),
        ("ls -l", "invalid", "begins with `ls -l`; it begins with `pytest`"),
        ("uvx pytest", "invalid", "begins with `uvx pytest`"),
        ("uv run ruff check", "invalid", "begins with `uv run ruff check`"),
        ("uv run -x pytest", "invalid", "`-x` stands before `pytest`, so uv gets it"),
        ("CI=1 pytest", "invalid", "`CI` is not set here"),
        ("pytest\npytest", "invalid", "There are 2 lines"),
        ("pytest 'a", "invalid", "cannot be read"),
        ("pytest --nope", "invalid", "pytest refused the command"),
        ("pytest nowhere.py", "invalid", "pytest refused the command"),
        ("pytest -k nobody", "invalid", "No test fits the command"),
    ],
)
def test_a_command_that_is_not_one(judge, answer, verdict, words):
    said = judge("0.5", answer)
    assert said.verdict == verdict
    assert words in said.headline
