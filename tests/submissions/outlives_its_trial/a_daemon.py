import os
import sys

WAIT = "import signal; signal.pause()"


def test_price():
    if os.fork() == 0:
        os.setsid()
        if os.fork():
            os._exit(0)
        os.chdir("/")
        os.closerange(0, 512)
        os.execv(sys.executable, [sys.executable, "-c", WAIT, "{token}"])
