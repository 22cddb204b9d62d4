"""When no call of the code under test shows that a test does not try it, and when it shows nothing."""

import pytest

from checker.contract import Edit, Exercise, Mutant
from checker.grade import grade

SHOP = """
class Price:
    lowest = 1


def vat(price):
    return price * 2
"""
IN_A_FUNCTION = Mutant("adds_too_little", "h", Edit("shop.py", "price * 2", "price"))
IN_A_CLASS = Mutant("sells_for_nothing", "h", Edit("shop.py", "lowest = 1", "lowest = 0"))
TEST = """
import shop


def test_it():
    assert shop.Price.lowest is not None
"""


@pytest.mark.parametrize(
    "mutants, kinds",
    [
        ((IN_A_FUNCTION,), ["never_called"]),
        ((IN_A_CLASS,), []),
        ((IN_A_FUNCTION, IN_A_CLASS), []),
    ],
    ids=["function", "class", "both"],
)
def test_a_program_that_changes_outside_its_functions_need_not_be_called(engine, mutants, kinds):
    exercise = Exercise(
        id="1.1",
        lesson="01_shop",
        title="a price",
        answers=("test_answer.py",),
        hints=("a", "b", "c"),
        given={},
        subject={"shop.py": SHOP},
        mutants=mutants,
    )
    verdict = grade(exercise, {"test_answer.py": TEST}, engine)
    assert verdict.verdict == "misses", verdict
    assert [finding.kind for finding in verdict.findings] == kinds
