"""`watch` grades what is saved, once a change, and ends quietly."""

import signal
import subprocess
import sys
import threading
from queue import Queue

import pytest

from tests.checker.clone import RIGHT, WEAK, make_clone
from tests.checker.interrupts import listens_to_interrupts


class Watching:
    """`python -m checker watch` on its way."""

    def __init__(self, clone, *arguments):
        self.process = subprocess.Popen(
            [sys.executable, "-u", "-m", "checker", "watch", *arguments],
            cwd=clone.root,
            env=clone.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=listens_to_interrupts,
        )
        self._lines = Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self._lines.put(line.rstrip("\n"))

    def until(self, beginning):
        """The lines up to the one that begins so."""
        lines = []
        while not lines or not lines[-1].startswith(beginning):
            lines.append(self._lines.get(timeout=120))
        return lines

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(10), self.process.stderr.read()


@pytest.fixture
def clone(tmp_path):
    return make_clone(tmp_path / "clone")


def test_each_save_is_graded_and_ctrl_c_ends_it_quietly(clone):
    watching = Watching(clone)
    try:
        [said] = watching.until("Watching every exercise")
        assert said.endswith("save a notebook to grade it. Ctrl+C ends this.")
        clone.answer("3.1", WEAK)
        assert "Not done yet. Accepts all 2 correct versions and catches 1 of 2 bugs." in watching.until(
            "Checked:"
        )
        clone.notebook.write_text(clone.notebook.read_text() + "\n")
        clone.answer("3.1", RIGHT)
        assert "Done. Accepts all 2 correct versions and catches 2 of 2 bugs." in watching.until("Checked:")
        assert watching.stop() == (0, "")
    finally:
        watching.process.kill()
        watching.process.communicate()


def test_a_folder_that_is_missing_is_said(clone):
    clone.notebook.unlink()
    clone.notebook.parent.rmdir()
    ended = clone.call("watch")
    assert ended.returncode == 2
    assert ended.stderr.endswith("there is no such folder. To make it: python3 -m checker build\n")
