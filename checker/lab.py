"""Open JupyterLab at the start notebook, with the project's defaults and this environment's kernel."""

import os
import secrets
import signal
import socket
import subprocess
import sys
from pathlib import Path

from checker.jupyter import jupyter_environment

START = "notebooks/00_start_here.ipynb"
FIRST_PORT = 8888
PORTS = 50  # how many ports to try, from the wanted one upwards


class NoPort(Exception):
    """Every port that was tried is taken."""


def open_lab(root: Path, *, port: int | None, browser: bool) -> int:
    """Run JupyterLab until it is stopped. Returns its exit code, 2 when it cannot be started.

    `root` is the folder it shows, `port` the first port to try, `browser` whether to open one.
    """
    wanted = FIRST_PORT if port is None else port
    problem = _problem(root)
    if problem is None:
        try:
            chosen = free_port(wanted)
        except NoPort as error:
            problem = str(error)
    if problem is not None:
        print(f"checker lab: {problem}", file=sys.stderr)
        return 2
    token = secrets.token_hex(16)
    print(_what_happens(chosen, wanted, token, browser), flush=True)
    return _run(
        [
            *(sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={root}"),
            *(f"--ServerApp.port={chosen}", "--ServerApp.port_retries=0", "--log-level=WARN"),
            *([] if browser else ["--no-browser"]),
            *(["--allow-root"] if _is_superuser() else []),
        ],
        # The token is in the environment: a command line is readable by everybody on the machine.
        jupyter_environment() | {"JUPYTER_TOKEN": token},
    )


def free_port(wanted: int) -> int:
    """The first port from `wanted` that nothing listens on. Raises NoPort."""
    if not 1 <= wanted <= 65535:
        raise NoPort(
            f"{wanted} is not a port. Choose one from 1024 to 65535, for example --port {FIRST_PORT}."
        )
    last = min(wanted + PORTS - 1, 65535)
    for port in range(wanted, last + 1):
        with socket.socket() as probe:
            if os.name == "posix":
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise NoPort(
        f"no port from {wanted} to {last} can be used. Choose another: python3 -m checker lab --port {last + 1}"
    )


def _problem(root: Path) -> str | None:
    if not (root / START).is_file():
        return f"{root / START} is missing. Restore it: git -C {root} checkout -- {START}"
    if not os.access(root, os.W_OK):
        return (
            f"{root} may not be written, so nothing could be saved. Copy the folder to a place of your own."
        )
    return None


def _what_happens(port: int, wanted: int, token: str, browser: bool) -> str:
    address = f"http://localhost:{port}/lab/tree/{START}?token={token}"
    return "\n".join(
        [
            *([f"Port {wanted} is taken: using {port}."] if port != wanted else []),
            "JupyterLab opens in your browser in a few seconds. If it does not, open this address:"
            if browser
            else "JupyterLab is ready in a few seconds. Open this address:",
            f"  {address}",
            "To stop: Ctrl+C here, then y. Your notebooks are saved as you go.",
        ]
    )


def _is_superuser() -> bool:
    return os.name == "posix" and os.geteuid() == 0


def _run(command: list[str], environ: dict[str, str]) -> int:
    process = subprocess.Popen(command, env=environ)
    signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            # JupyterLab gets Ctrl+C too and asks whether to stop.
            continue
