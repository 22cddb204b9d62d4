import subprocess
import sys
import threading


def test_price():
    subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()", "{token}"], start_new_session=True)
    threading.Event().wait()
