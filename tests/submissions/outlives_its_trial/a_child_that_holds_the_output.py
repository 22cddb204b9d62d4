import subprocess
import sys

STARTS = "import subprocess, sys; subprocess.Popen([sys.executable, '-c', 'import signal; signal.pause()', '{token}'])"


def test_price():
    subprocess.run([sys.executable, "-c", STARTS], start_new_session=True)
