"""The warm process: it has imported the libraries, never a learner's code, and forks a child for each trial.

It speaks with its supervisor over one socket, a JSON line a message:
to it `{"trial": n}` with three file descriptors (job, channel, output) or `{"kill": n}`; with `"uid"` and a fourth
descriptor, the trial enters the sandbox that this stands for;
from it `{"ready": true}`, then `{"done": n, "status": s}` when a child has ended and its whole family is gone.
When the socket closes, it ends every child and itself.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import select
import shutil
import signal
import socket
import sys
import threading
import time
import traceback

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import pytest  # noqa: E402
from child import CONFIG, OPTIONS, attempt, compiled, end, is_program, run  # noqa: E402
from enter import empty_all_but, enter  # noqa: E402
from family import become_reaper, die_with_parent, kill_children, kill_group  # noqa: E402
from preload import Preloaded, imports, named  # noqa: E402
from recorder import Recorder  # noqa: E402
from rewriting import Rewriter, hand_over  # noqa: E402

LIBRARIES = sys.stdlib_module_names | {
    "sqlalchemy",
    "aiosqlite",
    "asyncpg",
    "fastapi",
    "starlette",
    "pydantic",
    "httpx2",
    "jwt",
    "pytest",
    "pytest_asyncio",
    "anyio",
}
WARMING = os.path.join(os.path.dirname(os.path.abspath(__file__)), "warming.py")


def warm_up(folder: str) -> None:
    """Runs a generic test file of our own in `folder`: what a trial imports lazily is there before the first fork."""
    path, environment, here = list(sys.path), dict(os.environ), os.getcwd()
    os.mkdir(folder)
    shutil.copy(WARMING, os.path.join(folder, "test_warming.py"))
    write_config(folder)
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    os.chdir(folder)
    job = {"folder": folder, "order": "forward", "repeat": 1, "first": [], "until": [], "explain": True}
    words = ["-c", "pytest.toml", "--rootdir", folder, "--basetemp", os.path.join(folder, "t"), *OPTIONS]
    with open(os.devnull, "w", encoding="utf-8") as nowhere, contextlib.redirect_stdout(nowhere):
        code = pytest.main(words, plugins=[Recorder(job, lambda event: None)])
    os.chdir(here)
    shutil.rmtree(folder)
    if code != 1:
        raise SystemExit(f"the warming run ended with exit code {int(code)}, expected 1")
    sys.path[:] = path
    os.environ.clear()
    os.environ.update(environment)
    sys.modules.pop("test_warming", None)
    while threading.active_count() > 1:  # aiosqlite's thread may outlive `dispose()` by a moment
        time.sleep(0.001)
    gc.collect()
    gc.freeze()


def write_config(folder: str) -> None:
    """The configuration of every trial that brings none of its own, as `pytest.toml` in `folder`."""
    with open(os.path.join(folder, "pytest.toml"), "w", encoding="utf-8") as file:
        file.write(CONFIG)


class Server:
    """The loop of the warm process. It is a pytest plugin: it serves where pytest has begun its session and would
    collect, so that a forked child begins there too.
    """

    def __init__(self, control: socket.socket) -> None:
        self.control = control
        self.child_job: dict | None = None
        self.preloaded = Preloaded()
        self.trials: dict[int, int] = {}
        self.pinned: dict[int, int] = {}
        self.rest = b""
        self.descriptors: list[int] = []
        self.slots: list[int] = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
        self.wake, self.bell = os.pipe()
        for descriptor in (self.wake, self.bell):
            os.set_blocking(descriptor, False)
        signal.set_wakeup_fd(self.bell, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(
            signal.SIGINT, signal.SIG_IGN
        )  # Ctrl-C is for the supervisor, which tells us what to end
        become_reaper()

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_collection(self, session):
        """Serves; in a child, leaves the rest to pytest, or runs pytest anew for a trial with its own settings."""
        sys.stdout.flush()  # else each child would print what waits here once more
        self.rewriter = Rewriter(session.config)
        self.serve()
        if self.child_job is None:
            pytest.exit("the supervisor has hung up", returncode=0)
        hand_over(self.child_codes)
        run(self.child_job, self.child_channel, session, self.child_modules)
        return (yield)

    def serve(self) -> None:
        """Until the supervisor hangs up; in a child, until it is one."""
        self.send({"ready": True})
        while self.child_job is None:
            readable, _, _ = select.select([self.control, self.wake], [], [])
            if self.wake in readable:
                with contextlib.suppress(BlockingIOError):
                    os.read(self.wake, 4096)
                self.reap()
            if self.control in readable and not self.receive():
                for pid in list(self.trials):
                    kill_group(pid)
                while kill_children():  # also what left its group: it became ours when its parent ended
                    with contextlib.suppress(ChildProcessError):
                        os.waitpid(-1, 0)
                return

    def send(self, message: dict) -> None:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.control.sendall(json.dumps(message).encode() + b"\n")

    def receive(self) -> bool:
        """Takes what the supervisor sent; False when it has hung up."""
        data, descriptors, _, _ = socket.recv_fds(self.control, 65536, 4)
        self.descriptors += descriptors
        if not data:
            return False
        *lines, self.rest = (self.rest + data).split(b"\n")
        for line in lines:
            message = json.loads(line)
            if "kill" in message:
                for pid in [pid for pid, number in self.trials.items() if number == message["kill"]]:
                    kill_group(pid)
            else:
                count = 4 if "uid" in message else 3
                self.start(message["trial"], [self.descriptors.pop(0) for _ in range(count)], message.get("uid"))
                if self.child_job is not None:
                    return True  # a child answers to nobody
        return True

    def start(self, number: int, descriptors: list[int], uid: int | None) -> None:
        """Forks the child of one trial; with `uid`, into a sandbox."""
        job_file, channel, output, *sandbox = descriptors
        with os.fdopen(job_file, "rb") as file:
            job = json.load(file)
        for path, text in job["files"].items():
            if is_program(path):
                make_ready(path, text, keep=path not in job["disguised"], noted=path in job["watch"])
        if "DATABASE_URL" in job["env"]:
            make_driver_ready()
        modules, codes = self.preloaded.of(job), self.rewriter.of(job)
        pid = os.fork()
        if pid:
            self.trials[pid] = number
            self.pin(pid)
            for descriptor in (channel, output, *sandbox):
                os.close(descriptor)
            return
        try:
            self.become_child(output)
            if uid is not None:
                enter_alone(*sandbox, uid, channel)
        except BaseException:
            os.write(2, traceback.format_exc().encode())
            os._exit(70)
        self.child_job, self.child_channel, self.child_modules, self.child_codes = job, channel, modules, codes

    def pin(self, pid: int) -> None:
        """Keeps a trial on one processor: its threads take turns, and to wake one on another costs more than to wait.

        Where the system has put it, which knows what else is busy; but no two trials on one while another is free.
        """
        if not self.slots:
            return
        counts = {slot: list(self.pinned.values()).count(slot) for slot in self.slots}
        free = [slot for slot, count in counts.items() if count == min(counts.values())]
        with contextlib.suppress(OSError):
            here = processor_of(pid)
            self.pinned[pid] = here if here in free else free[0]
            os.sched_setaffinity(pid, {self.pinned[pid]})

    def become_child(self, output: int) -> None:
        """In the child: nothing of the server is left, also nothing that tells how many trials there were."""
        self.trials.clear()
        self.pinned.clear()
        os.setsid()
        die_with_parent()
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        self.control.close()
        os.close(self.wake)
        os.close(self.bell)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for source, target in ((nothing, 0), (output, 1), (output, 2)):
            os.dup2(source, target)
        os.close(nothing)
        os.close(output)

    def reap(self) -> None:
        """Notes the children that ended and sweeps what they left."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not pid:
                kill_children(set(self.trials))
                return
            if pid in self.trials:
                kill_group(pid)
                number = self.trials.pop(pid)
                self.pinned.pop(pid, None)
                kill_children(set(self.trials))
                self.send({"done": number, "status": os.waitstatus_to_exitcode(status)})


def processor_of(pid: int) -> int:
    """The processor that a process is on; see proc_pid_stat(5)."""
    with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
        return int(file.read().rpartition(")")[2].split()[36])


_ready: set[tuple[str, str, bool]] = set()


def make_ready(path: str, text: str, *, keep: bool, noted: bool) -> None:
    """Imports the libraries that a file of the program under test names; runs none of it.

    `keep`: it is compiled here, once for all trials, each of which can find it in its memory then.
    """
    if (path, text, noted) in _ready:
        return
    if keep:
        with contextlib.suppress(SyntaxError):
            compiled(path, text, noted=noted)
            _ready.add((path, text, noted))
    for statement in imports(text).all_of_them:
        for name in named(statement):
            if name not in sys.modules and name.split(".")[0] in LIBRARIES:
                with contextlib.suppress(ImportError):
                    importlib.import_module(name)


def make_driver_ready() -> None:
    """Imports what SQLAlchemy needs for PostgreSQL, as it would when it makes an engine."""
    for name in ("asyncpg", "sqlalchemy.dialects.postgresql.asyncpg"):
        importlib.import_module(name)


def enter_alone(sandbox: int, uid: int, channel: int) -> None:
    """Into the sandbox, with no more than the channel and the output."""
    enter(sandbox, uid)
    empty_all_but({0, 1, 2, channel})
    os.write(channel, b'{"event": "entered"}\n')


def main() -> None:
    """`python server.py DESCRIPTOR FOLDER`: the socket to the supervisor, the folder that holds those of trials."""
    control, folder = socket.socket(fileno=int(sys.argv[1])), sys.argv[2]
    sys.path.pop(0)
    home = os.path.join(folder, "server")
    warm_up(os.path.join(folder, "warming"))
    os.mkdir(home)
    os.chdir(home)
    write_config(home)
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    server = Server(control)
    own = os.getpid()
    try:
        code = attempt(
            lambda: pytest.main(["-c", "pytest.toml", "--rootdir", home, *OPTIONS], plugins=[server])
        )
        if server.child_job is not None:
            end(code)
    finally:
        if os.getpid() != own:
            os._exit(70)  # whatever went wrong in a child, it must not go on as the server
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
