"""What differs from one Python to the next is no difference between outputs; anything else is."""

import re
from html import escape

import pytest
from nbval.plugin import get_sanitize_patterns

from checker.kernel import SANITIZED

PATTERNS = get_sanitize_patterns(SANITIZED.read_text("utf-8"))
# The same in the words of 3.11 and of 3.14.
SAME = [
    (
        "Exception ignored in: <coroutine object take_ticket>\n1 warning",
        "Exception ignored while finalizing coroutine <coroutine object take_ticket>: None\n1 warning",
    ),
    ("TypeError: object Mock can't be used in 'await' expression", "TypeError: 'Mock' object can't be awaited"),
    (
        "does not support the asynchronous context manager protocol\n",
        "does not support the asynchronous context manager protocol (missed __aexit__ method)\n",
    ),
    (
        "    with pytest.raises(NotFound):\nE   Failed",
        "    with pytest.raises(NotFound):\n         ^^^^^^^^^^^^^^^^^^^^^^^\nE   Failed",
    ),
    (
        "| never awaited\n|   Enable tracemalloc to get traceback where the object was allocated.\n"
        "|   See https://a.b for more info.\n| All",
        "| never awaited\n| All",
    ),
]


def compared(text: str) -> str:
    for regex, replacement in PATTERNS:
        text = re.sub(regex, replacement, text)
    return text


def test_every_pattern_is_read():
    assert len(PATTERNS) == SANITIZED.read_text("utf-8").count("\nregex:") >= len(SAME)


@pytest.mark.parametrize("shown", [str, escape], ids=["text", "html"])
@pytest.mark.parametrize(("older", "newer"), SAME)
def test_the_words_of_another_python_are_no_difference(older, newer, shown):
    assert older != newer
    assert compared(shown(older)) == compared(shown(newer))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("<coroutine object take_ticket>", "<coroutine object export_rows>"),
        ("'Mock' object can't be awaited", "'Connection' object can't be awaited"),
        ("a\n^^^\nb", "a\n^x^\nb"),
        ("1 passed", "1 failed"),
    ],
)
def test_another_text_is_a_difference(one, other):
    ignored = "Exception ignored in: "
    assert compared(ignored + one) != compared(ignored + other)
