"""The warm process: it has imported the libraries, never a learner's code, and forks a child for each trial.

It speaks with its supervisor over one socket, a JSON line a message:
to it `{"trial": n}` with three file descriptors (job, channel, output) or `{"kill": n}`; with `"uid"` and a fourth
descriptor, the trial enters the sandbox that this stands for;
from it `{"ready": true}`, then `{"done": n, "status": s}` when a child has ended and its whole family is gone.
When the socket closes, it ends every child and itself.

Where branches are asked for, a version of the program that is met again gets one: a fork that has imported all of it,
and forks the trials on it. Each takes some 20 MiB, which is much beside a kernel and little for a class. The warm
process is to a branch what its supervisor is to itself. With a trial it sends two things more: the code of the test
files as one descriptor more, and under `"taken"` the processors in use. A branch says `{"trial": n, "slot": p}` when
the trial runs on one.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import marshal
import os
import select
import shutil
import signal
import socket
import sys
import tempfile
import threading
import time
import traceback

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

gc.disable()  # all that is imported stays; `warm_up` lets it begin
import pytest  # noqa: E402
from child import CONFIG, OPTIONS, attempt, basetemp, compiled, end, run  # noqa: E402
from enter import empty_all_but, enter  # noqa: E402
from family import become_reaper, die_with_parent, kill_children, kill_group  # noqa: E402
from place import hold  # noqa: E402
from preload import Plan, Preloaded, imports, named, plan, version  # noqa: E402
from program import is_program  # noqa: E402
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
PLACING_SECONDS = 0.02  # for a branch to fork a trial and to say where it runs: the next one goes elsewhere
WARMING = os.path.join(os.path.dirname(os.path.abspath(__file__)), "warming.py")


def warm_up(folder: str) -> None:
    """Runs a generic test file of our own in `folder`: what a trial imports lazily is there before the first fork."""
    path, environment, here = list(sys.path), dict(os.environ), os.getcwd()
    os.makedirs(os.path.join(folder, "tmp"))  # as in a trial's folder: pytest asks whether to look into it
    test = shutil.copy(WARMING, os.path.join(folder, "test_warming.py"))
    write_config(folder)
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    os.chdir(folder)
    job = {"folder": folder, "order": "forward", "repeat": 1, "first": [], "until": [], "explain": True}
    words = ["-c", "pytest.toml", "--rootdir", folder, "--basetemp", basetemp(folder), *OPTIONS]
    recorder = Recorder()
    recorder.begin(job, lambda event: None)
    with open(os.devnull, "w", encoding="utf-8") as nowhere, contextlib.redirect_stdout(nowhere):
        code = pytest.main([*words, test], plugins=[recorder])
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
    gc.enable()


def write_config(folder: str) -> None:
    """The configuration of every trial that brings none of its own, as `pytest.toml` in `folder`."""
    with open(os.path.join(folder, "pytest.toml"), "w", encoding="utf-8") as file:
        file.write(CONFIG)


class BranchEnded(Exception):
    """A branch ended by itself: something went wrong there, or a trial killed it."""


class Branch:
    """A branch, as the warm process sees it. `line`: the socket to it; `trials`: the numbers of those under way;
    `used`: how many trials there had been when it got its last one.
    """

    def __init__(self, pid: int, line: socket.socket) -> None:
        self.pid, self.line, self.used = pid, line, 0
        self.trials: set[int] = set()
        self.rest, self.ready = b"", False

    def send(self, message: dict, *descriptors: int) -> None:
        try:
            socket.send_fds(self.line, [json.dumps(message).encode() + b"\n"], descriptors)
        except (BrokenPipeError, ConnectionResetError) as error:
            raise BranchEnded from error

    def receive(self) -> list[dict]:
        """The messages that have come."""
        data = self.line.recv(65536)
        if not data:
            raise BranchEnded
        *lines, self.rest = (self.rest + data).split(b"\n")
        self.ready = True
        return [json.loads(line) for line in lines]


class Server:
    """The loop of the warm process. It is a pytest plugin: it serves where pytest has begun its session and would
    collect, so that a forked child begins there too. A branch is such a child, and has the same loop.
    """

    def __init__(self, control: socket.socket, most_branches: int) -> None:
        self.child_job: dict | None = None
        self.branches: dict[bytes, Branch] = {}
        self.most_branches, self.started = most_branches, 0
        self.met: set[bytes] = set()
        self.slots: list[int] = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(
            signal.SIGINT, signal.SIG_IGN
        )  # Ctrl-C is for the supervisor, which tells us what to end
        self.begin(control, branch=False)

    def begin(self, control: socket.socket, *, branch: bool) -> None:
        """Nothing has come over `control` yet, and there is no child."""
        self.control, self.branch = control, branch
        self.preloaded = Preloaded()
        self.trials: dict[int, int] = {}
        self.pinned: dict[int, int] = {}
        self.rest = b""
        self.descriptors: list[int] = []
        self.wake, self.bell = os.pipe()
        for descriptor in (self.wake, self.bell):
            os.set_blocking(descriptor, False)
        signal.set_wakeup_fd(self.bell, warn_on_full_buffer=False)
        become_reaper()

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_collection(self, session):
        """Serves; in a child, leaves the rest to pytest, or runs pytest anew for a trial with its own settings."""
        sys.stdout.flush()  # else each child would print what waits here once more
        self.rewriter, recorder = Rewriter(session.config), Recorder()
        session.config.pluginmanager.register(recorder)  # once here costs less than in each child
        self.send({"ready": True})
        self.serve()
        if self.child_job is None:
            pytest.exit("the supervisor has hung up", returncode=0)
        hand_over(self.child_codes)
        run(self.child_job, self.child_channel, session, recorder, self.child_modules)
        return (yield)

    def serve(self) -> None:
        """Until the supervisor hangs up; in a child, until it is one."""
        while self.child_job is None:
            branches = {one.line: one for one in self.branches.values()}
            readable, _, _ = select.select([self.control, self.wake, *branches], [], [])
            if self.wake in readable:
                with contextlib.suppress(BlockingIOError):
                    os.read(self.wake, 4096)
                self.reap()
            for line in branches.keys() & set(readable):
                self.relay(branches[line])
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

    def relay(self, branch: Branch) -> None:
        """Notes where a branch has put its trials, and passes on which are done."""
        for message in branch.receive():
            if "slot" in message:
                self.pinned[message["trial"]] = message["slot"]
            else:
                branch.trials.discard(message["done"])
                self.pinned.pop(message["done"], None)
                self.send(message)

    def receive(self) -> bool:
        """Takes what the supervisor sent; False when it has hung up."""
        data, descriptors, _, _ = socket.recv_fds(self.control, 65536, 5)
        self.descriptors += descriptors
        if not data:
            return False
        *lines, self.rest = (self.rest + data).split(b"\n")
        for line in lines:
            message = json.loads(line)
            if "kill" in message:
                self.kill(message["kill"])
            else:
                count = 3 + ("uid" in message) + self.branch
                self.start(message, [self.descriptors.pop(0) for _ in range(count)])
                if self.child_job is not None:
                    return True  # a child answers to nobody
        return True

    def kill(self, number: int) -> None:
        """Ends a trial. That it is gone is told when it is."""
        for pid in [pid for pid, one in self.trials.items() if one == number]:
            kill_group(pid)
        for branch in self.branches.values():
            if number in branch.trials:
                branch.send({"kill": number})

    def start(self, message: dict, descriptors: list[int]) -> None:
        """Forks the child of one trial, here or in a branch; with `uid`, into a sandbox."""
        with os.fdopen(descriptors[0], "rb", closefd=False) as file:
            job = json.load(file)
        ahead = plan(job)
        if self.branch:
            with os.fdopen(descriptors.pop(), "rb") as file:
                codes = marshal.load(file)
        else:
            codes = self.rewriter.of(job)
            branch = self.branch_for(job, ahead, descriptors, at_once="uid" in message)
            if self.child_job is not None:
                return
            if branch is not None:
                self.pass_on(message, descriptors, codes, branch)
                return
        os.close(descriptors.pop(0))
        self.fork(message, job, ahead.branch if self.branch else ahead.shared, codes, descriptors)

    def branch_for(self, job: dict, ahead: Plan, descriptors: list[int], *, at_once: bool) -> Branch | None:
        """The one that serves a trial's version, if any does. It begins when the version is met again, or `at_once`.

        In the branch itself, this serves and returns in the child of a trial. `descriptors`: the trial's.
        """
        self.started += 1
        key = version(job, ahead) if self.most_branches else None
        if key is None:
            return None
        if key in self.branches:
            self.branches[key].used = self.started
            return self.branches[key]
        if key not in self.met and not at_once:
            self.met.add(key)
            return None
        if len(self.branches) >= self.most_branches and not self.give_up_a_branch():
            return None
        ours, theirs = socket.socketpair()
        pid = os.fork()
        if pid:
            theirs.close()
            branch = self.branches[key] = Branch(pid, ours)
            branch.used = self.started
            return branch
        try:
            ours.close()
            for descriptor in (*descriptors, *self.descriptors):
                os.close(descriptor)
            self.leave()
            die_with_parent()
            self.begin(theirs, branch=True)
            self.serve()
        except BaseException:
            os.write(2, traceback.format_exc().encode())
            os._exit(70)
        if self.child_job is None:
            os._exit(0)
        return None

    def give_up_a_branch(self) -> bool:
        """Ends the one that was not used for the longest time. False where all of them are in turn: more versions than
        branches come again and again, and to change between them would cost more than to import.
        """
        key, oldest = min(self.branches.items(), key=lambda item: item[1].used)
        if oldest.trials or self.started - oldest.used <= 2 * self.most_branches:
            return False
        del self.branches[key]
        oldest.line.close()
        return True

    def pass_on(self, message: dict, descriptors: list[int], codes: dict, branch: Branch) -> None:
        """Gives a trial to a branch."""
        taken = list(self.pinned.values())
        with tempfile.TemporaryFile() as file:
            file.write(marshal.dumps(codes))
            file.seek(0)
            os.lseek(descriptors[0], 0, os.SEEK_SET)
            branch.trials.add(message["trial"])
            branch.send({**message, "taken": taken}, *descriptors, file.fileno())
        for descriptor in descriptors:
            os.close(descriptor)
        if branch.ready and select.select([branch.line], [], [], PLACING_SECONDS)[0]:
            self.relay(branch)

    def fork(
        self, message: dict, job: dict, ahead: tuple[str, ...], codes: dict, descriptors: list[int]
    ) -> None:
        """Forks the child of a trial. `ahead`: the modules that it is to find imported; `codes`: of its test files;
        `descriptors`: channel, output and, with `uid`, the sandbox.
        """
        channel, output, *sandbox = descriptors
        for path, text in job["files"].items():
            if is_program(path):
                keep = self.branch or path not in job["disguised"]
                make_ready(path, text, keep=keep, noted=path in job["watch"])
        if "DATABASE_URL" in job["env"]:
            make_driver_ready()
        modules, number = self.preloaded.of(ahead, job), message["trial"]
        pid = os.fork()
        if pid:
            self.trials[pid] = number
            self.pin(pid, number, message.get("taken", list(self.pinned.values())))
            for descriptor in (channel, output, *sandbox):
                os.close(descriptor)
            return
        try:
            self.become_child(output)
            if "uid" in message:
                enter_alone(*sandbox, message["uid"], channel)
        except BaseException:
            os.write(2, traceback.format_exc().encode())
            os._exit(70)
        self.child_job, self.child_channel, self.child_modules, self.child_codes = job, channel, modules, codes

    def pin(self, pid: int, number: int, taken: list[int]) -> None:
        """Keeps a trial on one processor: its threads take turns, and to wake one on another costs more than to wait.

        Where the system has put it, which knows what else is busy; but no two trials on one while another is free.
        """
        if not self.slots:
            return
        counts = {slot: taken.count(slot) for slot in self.slots}
        free = [slot for slot, count in counts.items() if count == min(counts.values())]
        with contextlib.suppress(OSError):
            here = processor_of(pid)
            self.pinned[number] = here if here in free else free[0]
            os.sched_setaffinity(pid, {self.pinned[number]})
        if self.branch and number in self.pinned:
            self.send({"trial": number, "slot": self.pinned[number]})

    def leave(self) -> None:
        """In a child: nothing of the server is left, also nothing that tells how many trials there were."""
        self.rewriter.forget()
        self.trials.clear()
        self.pinned.clear()
        signal.set_wakeup_fd(-1)
        self.control.close()
        for branch in self.branches.values():
            branch.line.close()
        self.branches.clear()
        os.close(self.wake)
        os.close(self.bell)

    def become_child(self, output: int) -> None:
        """In the child of a trial."""
        self.leave()
        os.setsid()
        die_with_parent()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
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
                self.sweep()
                return
            if pid in self.trials:
                kill_group(pid)
                number = self.trials.pop(pid)
                self.pinned.pop(number, None)
                self.sweep()
                self.send({"done": number, "status": os.waitstatus_to_exitcode(status)})

    def sweep(self) -> None:
        """Ends what trials left behind."""
        kill_children({*self.trials, *(branch.pid for branch in self.branches.values())})


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
    """`python server.py DESCRIPTOR FOLDER BRANCHES`: the socket to the supervisor, the folder that holds those of
    trials, how many branches there may be.
    """
    control, folder = socket.socket(fileno=int(sys.argv[1])), sys.argv[2]
    sys.path.pop(0)
    home = os.path.join(folder, "server")
    warm_up(os.path.join(folder, "warming"))
    os.mkdir(home)
    os.chdir(home)
    hold()
    write_config(home)
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    server = Server(control, int(sys.argv[3]))
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
