"""What a probe tries from inside a sandbox. It is the text of a test file: it runs as any answer would.

Each test records what it managed to do, under the name of the fact; what must stay impossible from outside is judged
there. `PROBE` holds the addresses and limits as JSON.
"""

import ctypes
import json
import mmap
import os
import resource
import socket
import sys
import threading

import pytest

OUTSIDE = json.loads(os.environ["PROBE"])


@pytest.fixture
def managed(record_property, request):
    """Notes whether the forbidden thing was done."""
    return lambda done: record_property(request.node.name.removeprefix("test_"), bool(done))


def test_files_closed(managed):
    seen = []
    for path in OUTSIDE["canaries"]:
        try:
            with open(path, "rb") as file:
                seen.append(file.read(1))
        except OSError:
            continue
    managed(seen or any(os.access(path, os.W_OK) for path in ("/", "/usr", sys.prefix)))


def test_network_closed(managed):
    with socket.socket() as client:
        client.settimeout(2)
        managed(client.connect_ex(("127.0.0.1", OUTSIDE["port"])) == 0)


def test_others_unseen(managed):
    try:
        os.kill(OUTSIDE["supervisor"], 0)
        managed(True)
    except OSError:
        managed(os.path.exists(f"/proc/{OUTSIDE['supervisor']}"))


def test_unprivileged(managed):
    with open("/proc/self/status", encoding="ascii") as file:
        status = dict(line.split(":\t", 1) for line in file if ":\t" in line)
    can_gain = status["NoNewPrivs"].strip() != "1" or int(status["CapEff"], 16) or int(status["CapBnd"], 16)
    pid = os.fork()
    if not pid:
        os._exit(0 if ctypes.CDLL(None).unshare(0x10000000) else 1)  # a user namespace of its own
    managed(can_gain or os.waitpid(pid, 0)[1] or os.getuid() == 0)


def test_memory_bounded(managed):
    try:
        mmap.mmap(-1, OUTSIDE["memory"]).close()
        managed(True)
    except OSError:
        try:
            hidden = os.memfd_create("hidden")
            os.close(hidden)
            managed(True)
        except OSError:
            managed(False)


def test_processes_bounded(managed):
    done, threads = threading.Event(), []
    threading.stack_size(2**18)  # small stacks: the limit on memory is another fact
    try:
        for _ in range(OUTSIDE["processes"]):
            threads.append(threading.Thread(target=done.wait))
            threads[-1].start()
        managed(True)
    except RuntimeError:
        threads.pop()
        try:
            pid = os.fork()
            if not pid:
                os._exit(0)
            os.waitpid(pid, 0)
            managed(True)
        except OSError:
            managed(False)
    finally:
        done.set()
        for thread in threads:
            thread.join()


def test_descriptors_bounded(managed):
    opened = []
    try:
        for _ in range(OUTSIDE["descriptors"]):
            opened.append(os.dup(0))
        managed(True)
    except OSError:
        managed(resource.getrlimit(resource.RLIMIT_NOFILE)[1] > OUTSIDE["descriptors"])
    finally:
        for descriptor in opened:
            os.close(descriptor)


def test_space_bounded(managed):
    share, left = 16 * 2**20, OUTSIDE["space"] + 1
    try:
        for number in range(-(-left // share)):
            with open(f"tmp/full-{number}", "wb") as file:
                os.posix_fallocate(file.fileno(), 0, min(share, left))
                left -= share
        managed(True)
    except OSError:
        managed(False)
    finally:
        for name in os.listdir("tmp"):
            if name.startswith("full-"):
                os.remove(f"tmp/{name}")


def test_daemons_end(managed):
    ready, told = os.pipe()
    if not os.fork():
        os.setsid()
        if os.fork():
            os._exit(0)
        with open("/proc/self/comm", "w", encoding="ascii") as file:
            file.write(OUTSIDE["daemon"])
        os.write(told, b"x")
        threading.Event().wait()
    os.wait()
    os.read(ready, 1)
    managed(False)  # whether it lives on is seen from outside
