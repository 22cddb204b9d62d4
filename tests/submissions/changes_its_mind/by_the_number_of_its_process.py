import os

import pytest


@pytest.mark.parametrize("bit", range(6))
def test_price(bit):
    assert os.getpid() >> bit & 1
