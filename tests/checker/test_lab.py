"""JupyterLab as the `lab` command starts it; the browser's half of it is in tests/browser."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request

import pytest

from checker.lab import FIRST_PORT, PORTS, START, NoPort, free_port, open_lab
from tests.checker.processes import listens

OTHER_KERNEL = {"argv": ["/bin/false"], "display_name": "Another project's Python", "language": "python"}


@pytest.fixture
def taken_port():
    # Below the ports that the system gives to clients: there a client can end up connected to itself.
    port = free_port(21000)
    with socket.create_server(("127.0.0.1", port)):
        yield port


@pytest.fixture
def clone(tmp_path):
    start = tmp_path / "clone" / START
    start.parent.mkdir(parents=True)
    start.write_text('{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}')
    return tmp_path / "clone"


@pytest.fixture
def server(clone, tmp_path, taken_port):
    """What the command printed before JupyterLab came up, and a function that asks the running server."""
    kernel = tmp_path / "home/.local/share/jupyter/kernels/python3/kernel.json"
    kernel.parent.mkdir(parents=True)
    kernel.write_text(json.dumps(OTHER_KERNEL))
    running = tmp_path / "running"
    code = "import pathlib, sys, checker.lab as lab; sys.exit(lab.open_lab(pathlib.Path(sys.argv[1]), "
    code += f"port={taken_port}, browser=False))"
    process = subprocess.Popen(
        [sys.executable, "-c", code, clone],
        env=os.environ
        | {"HOME": str(tmp_path / "home"), "JUPYTER_DATA_DIR": "", "JUPYTER_RUNTIME_DIR": str(running)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    said = [process.stdout.readline() for _ in range(4)]
    address, _, token = said[2].strip().partition("/lab/tree/" + START + "?token=")

    def ask(path):
        request = urllib.request.Request(address + path, headers={"Authorization": f"token {token}"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    # The file that names the server is written before the server listens.
    while not (list(running.glob("jpserver-*.json")) and listens(int(address.rpartition(":")[2]))):
        assert process.poll() is None
        time.sleep(0.05)
    yield said, ask
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)
    assert process.returncode == 0


def test_server_has_the_projects_kernel_settings_and_files(server, taken_port):
    said, ask = server
    assert said[0].startswith(f"Port {taken_port} is taken: using ")
    assert said[3] == "To stop: Ctrl+C here, then y. Your notebooks are saved as you go.\n"
    kernels = ask("/api/kernelspecs")["kernelspecs"]
    assert kernels["python3"]["spec"]["display_name"] == "Python 3 (ipykernel)"
    assert [entry["path"] for entry in ask("/api/contents/")["content"]] == ["notebooks"]
    news = ask("/lab/api/settings/@jupyterlab/apputils-extension:notification")["schema"]["properties"]
    assert (news["fetchNews"]["default"], news["checkForUpdates"]["default"]) == ("false", False)
    themes = ask("/lab/api/settings/@jupyterlab/apputils-extension:themes")["schema"]["properties"]
    assert themes["adaptive-theme"]["default"] is True


def test_port_that_is_free_is_used():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert free_port(port) == port


def test_port_that_is_taken_gives_a_later_one(taken_port):
    assert taken_port < free_port(taken_port) < taken_port + PORTS


@pytest.mark.parametrize("port", [-1, 0, 65536])
def test_number_that_is_no_port_is_refused(port):
    with pytest.raises(NoPort, match=f"{port} is not a port. Choose one from 1024 to 65535"):
        free_port(port)


def test_no_port_at_all_is_one_sentence(monkeypatch, clone, capsys):
    def refuse(*_):
        raise OSError("taken")

    monkeypatch.setattr(socket.socket, "bind", refuse)
    assert open_lab(clone, port=None, browser=False) == 2
    assert capsys.readouterr().err == (
        f"checker lab: no port from {FIRST_PORT} to {FIRST_PORT + PORTS - 1} can be used. "
        f"Choose another: python3 -m checker lab --port {FIRST_PORT + PORTS}\n"
    )


def test_missing_start_notebook_says_how_to_restore_it(tmp_path, capsys):
    assert open_lab(tmp_path, port=None, browser=False) == 2
    assert f"{tmp_path / START} is missing. Restore it: git -C {tmp_path} checkout" in capsys.readouterr().err
