import sys

import pytest
from shop import price

pytestmark = pytest.mark.skipif(sys.version_info >= (3, 1), reason="too new")


async def test_price():
    assert await price(2) == 4
