import os
import time

import psutil


def test_price():
    assert time.time() - psutil.Process(os.getppid()).create_time() < 1.5
