from pathlib import Path

import pytest

from checker.contract import load
from checker.engine.warm import WarmEngine
from checker.grade import grade

CONTRACT = Path(__file__).parent / "00_small.toml"


@pytest.fixture(scope="session")
def engine():
    engine = WarmEngine()
    yield engine
    engine.close()


@pytest.fixture(scope="session")
def small():
    """The exercises of the small contract beside these tests, by id."""
    return {exercise.id: exercise for exercise in load(CONTRACT, {})}


@pytest.fixture(scope="session")
def judge(engine, small):
    """Grades an answer to an exercise of the small contract."""

    def judge(id: str, answer: str, **how):
        exercise = small[id]
        return grade(exercise, {exercise.answers[0]: answer}, engine, **how)

    return judge
