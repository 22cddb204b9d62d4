import time

import pytest


@pytest.mark.parametrize("number", range(30))
def test_price(number):
    assert time.perf_counter_ns() // 1000 % 2
