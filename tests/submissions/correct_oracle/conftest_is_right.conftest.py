import pytest
from desk import Desk


@pytest.fixture
def open_desk():
    desk = Desk()
    try:
        yield desk
    finally:
        desk.close()
