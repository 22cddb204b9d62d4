"""Which replacement takes the code under test away, and which one is its border."""

import pytest

from checker.contract import Edit, Exercise, Mutant
from checker.grade import grade

SHOP = """
from mail import send


async def order(number):
    await send(number)
    return number
"""
MAIL = "async def send(text): pass\n"
EXERCISE = Exercise(
    id="0.1",
    lesson="00_small",
    title="an order",
    answers=("test_answer.py",),
    hints=("a", "b", "c"),
    given={},
    subject={"shop.py": SHOP, "mail.py": MAIL},
    mutants=(
        Mutant("orders_one_more", "h", Edit("shop.py", "return number", "return number + 1")),
        Mutant("wants_another_argument", "h", Edit("mail.py", "(text)", "(text, language)")),
    ),
)
TEST = """
from unittest.mock import AsyncMock, patch

import shop


async def test_it(monkeypatch):
    {replace}
        assert await shop.order(1)
"""


@pytest.mark.parametrize(
    "replace, kinds",
    [
        ("with patch('shop.order', AsyncMock(return_value=1)):", ["patched_away"]),
        ("with patch.object(shop, 'order', AsyncMock(return_value=1)):", ["patched_away"]),
        ("if not monkeypatch.setattr(shop, 'order', AsyncMock(return_value=1)):", ["patched_away"]),
        ("with patch('shop.send'):", []),
        ("with patch.object(shop, 'send'):", []),
    ],
)
def test_only_what_a_module_defines_itself_is_patched_away(engine, replace, kinds):
    verdict = grade(EXERCISE, {"test_answer.py": TEST.format(replace=replace)}, engine)
    assert verdict.verdict == "misses", verdict
    assert [finding.kind for finding in verdict.findings] == kinds
