"""The questions of every skill area, as pairs of text and weight (1 = detail, 3 = decisive)."""
from collections.abc import Iterable, Iterator
from typing import NamedTuple

QUESTION_BANK: dict[str, list[tuple[str, int]]] = {
    "fundamentals": [
        ("I can say what happens when a coroutine function is called without await.", 1),
        ("I can read a traceback that crosses several awaits.", 1),
        ("I can tell blocking calls from awaitable ones in code that I did not write.", 2),
        ("I can explain how one event loop runs many tasks.", 3),
    ],
    "advanced": [
        ("I can choose between gather, TaskGroup and a queue, and say why.", 1),
        ("I can set time limits that always free what they interrupt.", 2),
        ("I can handle cancellation without losing it or leaking resources.", 3),
        ("I can find a race between two tasks and prove that it is gone.", 3),
    ],
    "strategy": [
        ("I can decide which parts of a system gain from being async.", 2),
        ("I can set limits so that one slow dependency does not stop everything.", 3),
        ("I can plan how to move a synchronous service to async step by step.", 3),
        ("I can say what our tests would not notice, and what to do about it.", 3),
    ],
}

SKILL_AREAS = tuple(QUESTION_BANK)


class BankQuestion(NamedTuple):
    """A question before anybody is asked it."""

    skill_area: str
    text: str
    weight: int


def questions_for(skill_areas: Iterable[str]) -> Iterator[BankQuestion]:
    """The questions of these areas, area by area in the given order; KeyError for an unknown area."""
    for skill_area in skill_areas:
        for text, weight in QUESTION_BANK[skill_area]:
            yield BankQuestion(skill_area, text, weight)
