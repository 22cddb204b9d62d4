import os
import signal

MOST = 200


def test_price():
    for _ in range(MOST):
        try:
            if os.fork() == 0:
                os.setsid()
                signal.pause()
                os._exit(0)
        except OSError:
            break
