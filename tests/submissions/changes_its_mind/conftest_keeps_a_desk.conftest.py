import pytest
from desk import Desk

COUNT = []


@pytest.fixture
def open_desk():
    COUNT.append(1)
    desk = Desk() if len(COUNT) < 5 else None
    yield desk
    if desk:
        desk.close()
