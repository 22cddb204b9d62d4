import threading

import pytest
from shop import price


@pytest.fixture
def till():
    yield
    threading.Event().wait()


async def test_price(till):
    assert await price(2) == 4
