import os
import signal


def test_price():
    os.kill(os.getpid(), signal.SIGSTOP)
