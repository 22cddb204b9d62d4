"""A trial in a sandbox: what it cannot see, take, keep or leave."""

import os
import subprocess
import sys
import textwrap
import threading
import time
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from checker.bootstrap import ROOT
from checker.engine import EngineError, Trial
from checker.engine.sandbox import Builder, Sandbox
from checker.engine.warm import WarmEngine
from tests.checker.processes import gone, owned_by

pytestmark = pytest.mark.isolation


@pytest.fixture(scope="module")
def engine():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SECRET", "known to the supervisor alone")
        with closing(WarmEngine(2, Builder())) as engine:
            yield engine


@pytest.fixture
def run(engine):
    def run(answer: str, files: dict[str, str] | None = None, **how):
        texts = {"test_answer.py": textwrap.dedent(answer), **(files or {})}
        [(_, record)] = engine.run([Trial(texts, explain=True, **how)])
        return record

    return run


def passed(record) -> bool:
    assert record.tests, record
    return all(test.outcome == "passed" for test in record.tests) or pytest.fail(str(record.tests))


def test_the_project_and_the_home_folder_are_not_there(run):
    assert passed(
        run(f"""
        import os
        from pathlib import Path
        def test_a():
            assert not Path({str(ROOT / "checker")!r}).exists()
            assert not Path({str(ROOT / "solutions")!r}).exists()
            assert not Path("/etc/passwd").exists()
            assert set(os.listdir("/dev")) <= {{"null", "zero", "full", "random", "urandom", "fd", "shm", "stdin",
                                                "stdout", "stderr"}}
            assert os.getcwd() == "/trial" and sorted(os.listdir()) == ["test_answer.py", "tmp"]
        """)
    )


def test_the_programs_own_database_can_be_used(run):
    """Its module is imported before the sandbox is entered, and has made the path absolute."""
    files = {
        "shop/__init__.py": "",
        "shop/database.py": (
            "from sqlalchemy.ext.asyncio import create_async_engine\n"
            "engine = create_async_engine('sqlite+aiosqlite:///shop.db')\n"
        ),
        "conftest.py": "from shop.database import engine\n",
    }
    answer = """
        from pathlib import Path
        from shop.database import engine
        async def test_a():
            async with engine.begin() as connection:
                await connection.exec_driver_sql("create table pets (name)")
            await engine.dispose()
            assert Path("/trial/shop.db").stat().st_size
        """
    for _ in range(2):
        assert passed(run(answer, files, varied=()))


def test_no_secret_of_the_supervisor_is_in_the_environment(run):
    assert passed(
        run("""
        import os
        def test_a():
            with open("/proc/self/environ") as file:
                assert "SECRET" not in file.read() and "SECRET" not in os.environ
        """)
    )


def test_only_what_it_was_given_is_open(run):
    assert passed(
        run("""
        import os
        def test_a():
            open_now = {int(name) for name in os.listdir("/proc/self/fd")} - {0, 1, 2}
            kinds = {os.readlink(f"/proc/self/fd/{number}").split(":")[0] for number in open_now
                     if os.path.lexists(f"/proc/self/fd/{number}")}
            assert kinds <= {"pipe", "/dev/null"}, kinds
        """)
    )


def test_its_own_loopback_works(run):
    assert passed(
        run("""
        import asyncio
        async def test_a():
            server = await asyncio.start_server(lambda reader, writer: writer.close(), "localhost", 0)
            reader, writer = await asyncio.open_connection("localhost", server.sockets[0].getsockname()[1])
            assert await reader.read() == b""
            writer.close(); server.close()
        """)
    )


def test_two_trials_share_nothing(engine):
    text = textwrap.dedent("""
        import os, pathlib, tempfile
        def test_a():
            for folder in ("/trial", "/tmp", "/dev/shm", tempfile.gettempdir()):
                mark = pathlib.Path(folder, "mark")
                assert not mark.exists()
                mark.touch()
    """)
    records = dict(engine.run([Trial({"test_answer.py": text}, explain=True)] * 4))
    assert all(passed(record) for record in records.values())


def test_memory_of_many_processes_is_counted_together(run):
    record = run("""
        import os, signal
        def test_a():
            for _ in range(8):
                if not os.fork():
                    held = bytearray(b"x") * (300 * 2**20)
                    signal.pause()
            os.wait()
        """)
    assert (record.end, record.culprit) == ("died", "took more than 1024 MiB of memory")


def test_what_no_limit_counts_is_refused(run):
    assert passed(
        run("""
        import ctypes, os, pytest
        def test_a():
            libc = ctypes.CDLL(None, use_errno=True)
            with pytest.raises(PermissionError):
                os.memfd_create("hidden")
            assert libc.shmget(0, 2**30, 0o1600) == -1
            assert libc.unshare(0x10000000) == -1  # a user namespace
            assert libc.mount(b"none", b"/trial", b"tmpfs", 0, None) == -1
            assert libc.syscall(56, 0x10000000 | 17, 0, 0, 0, 0) == -1
        """)
    )


def test_a_fork_bomb_costs_its_neighbour_nothing(engine):
    bomb = textwrap.dedent("""
        import os, signal
        def test_a():
            for _ in range(500):
                if not os.fork():
                    signal.pause()
    """)
    honest = (
        "import os\ndef test_a():\n    for _ in range(20):\n        if not os.fork(): os._exit(0)\n        os.wait()\n"
    )
    records = dict(engine.run([Trial({"test_answer.py": text}, explain=True) for text in (bomb, honest, honest)]))
    assert "BlockingIOError" in records[0].tests[0].error
    assert passed(records[1]) and passed(records[2])


def test_a_command_says_what_it_left(run):
    record = run("def test_a(): open('left.txt', 'w').close()", command=("--junitxml=out/report.xml",))
    assert {"left.txt", "out/report.xml"} <= set(record.ran["left"])


def test_a_link_that_points_out_is_a_name_and_no_more(run):
    record = run("import os\ndef test_a(): os.symlink('/proc/1/root/etc', 'out')", command=("-q",))
    assert not [name for name in record.ran["left"] if name.startswith("out/")]


def test_a_hanging_trial_with_a_daemon_leaves_nothing(engine):
    hanging = textwrap.dedent("""
        import os, signal
        def test_a():
            with open("/proc/self/comm", "w") as file: file.write("sandbox-left")
            if not os.fork():
                os.setsid()
            signal.pause()
    """)
    [(_, record)] = engine.run([Trial({"test_answer.py": hanging}, seconds=0.3)])
    assert record.end == "timed_out"
    assert named("sandbox-left") == []


def named(name: str) -> list[psutil.Process]:
    return [one for one in psutil.process_iter(["name"]) if one.info["name"] == name]


def test_a_sandbox_that_was_ended_is_a_fault_of_the_engine_not_of_the_answer(engine, monkeypatch):
    wait = Sandbox.wait

    def break_down(self):
        if self.pidfd < 0:
            wait(self)
            self.end()

    with monkeypatch.context() as patch:
        patch.setattr(Sandbox, "wait", break_down)
        with pytest.raises(EngineError, match="could not enter its sandbox"):
            list(engine.run([Trial({"test_answer.py": "def test_a(): pass"})]))
    [(_, record)] = engine.run([Trial({"test_answer.py": "def test_a(): pass"})])
    assert record.end == "finished"


def test_closing_leaves_no_process(engine):
    before = {one.pid for one in psutil.Process().children(recursive=True)}
    other = WarmEngine(2, Builder())
    results = other.run([Trial({"test_answer.py": "import time\ndef test_a(): time.sleep(1000)"}, seconds=0.2)] * 4)
    next(results)
    results.close()
    other.close()
    assert {one.pid for one in psutil.Process().children(recursive=True)} <= before


ABANDONED = """
import os, threading
from checker.engine import Trial
from checker.engine.sandbox import Builder
from checker.engine.warm import WarmEngine
engine = WarmEngine(2, Builder())
hanging = "import time\\ndef test_a():\\n print('up', flush=True); time.sleep(1000)"
threading.Thread(target=lambda: list(engine.run([Trial({"test_answer.py": hanging}, seconds=100)] * 2))).start()
while True:
    print(engine._desk, flush=True)
    threading.Event().wait(0.05)
"""


def test_a_grader_that_is_killed_leaves_no_process_and_no_folder():
    with subprocess.Popen([sys.executable, "-c", ABANDONED], stdout=subprocess.PIPE, text=True, cwd=ROOT) as grader:
        desk = Path(grader.stdout.readline().strip())
        grading = psutil.Process(grader.pid)
        while sum(one.name() == "cat" for one in family(grading)) < 2:
            assert grader.stdout.readline()  # until two sandboxes stand
        left = family(grading)
        grader.kill()
    _, alive = psutil.wait_procs(left, timeout=20)
    assert not alive
    waiting = threading.Event()
    for _ in range(100):
        if not desk.exists():
            break
        waiting.wait(0.1)
    assert not desk.exists()


def family(process: psutil.Process) -> list[psutil.Process]:
    found = []
    for one in process.children(recursive=True):
        try:
            one.name()
            found.append(one)
        except psutil.NoSuchProcess:
            continue
    return found


ORDINARY = """
import os, sys
sys.path.insert(0, "checker/engine")
from checker.engine.sandbox import Builder, Layout
import encodings.ascii, enter  # our Python may lie where an ordinary user cannot read
if os.getuid() == 0:
    os.setgroups([]); os.setresgid(65534, 65534, 65534); os.setresuid(65534, 65534, 65534)
builder = Builder(Layout())
sandbox = builder.build()
sandbox.wait()
pid = os.fork()
if not pid:
    enter.enter(sandbox.pidfd, sandbox.uid)
    status = open("/proc/self/status").read()
    print(os.getuid(), os.path.exists("/etc/passwd"), os.getpid(), "CapEff:\\t0000000000000000" in status, flush=True)
    os._exit(7)
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), sandbox.memory() > 0, flush=True)
sandbox.close()
"""


def test_closing_one_that_does_not_stand_yet_leaves_nothing():
    with closing(Builder()) as builder:
        for number in range(150):
            sandbox = builder.build()
            time.sleep(number % 30 * 0.0002)
            sandbox.close()
    mine = [one.pid for one in owned_by(os.getpid())]
    assert gone(*mine, seconds=2)


@pytest.mark.parametrize(("owner", "stays"), [("killed", False), ("alive", True), ("", True)])
def test_the_next_grader_ends_what_a_killed_one_left_half_built(tmp_path, owner, stays):
    """A sandbox that nobody has told yet to go on: its builder, a process away, was killed."""
    dead = subprocess.Popen(["true"])
    dead.wait()
    pids = {"killed": dead.pid, "alive": os.getpid(), "": ""}
    left = tmp_path / "bwrap"
    left.symlink_to("/usr/bin/sleep")
    process = subprocess.Popen([left, "1000"], env={"ASSERT_AWAIT_OWNER": str(pids[owner])})
    try:
        Builder().close()
        assert gone(process.pid, seconds=1) is not stays
    finally:
        process.kill()
        process.wait()


def test_a_sandbox_says_whose_it_is_but_not_to_what_runs_in_it(run):
    with closing(Builder()) as builder, closing(builder.build()) as sandbox:
        sandbox.wait()
        outside = psutil.Process(sandbox._process.pid)
        assert outside.environ()["ASSERT_AWAIT_OWNER"] == str(os.getpid())
        assert "ASSERT_AWAIT_OWNER" not in psutil.Process(sandbox.pid).environ()
    record = run("import os\ndef test_a(): assert 'ASSERT_AWAIT_OWNER' not in os.environ\n")
    assert passed(record)


def test_an_ordinary_user_has_sandboxes_too():
    done = subprocess.run([sys.executable, "-c", ORDINARY], capture_output=True, text=True, cwd=ROOT, timeout=60)
    uid = os.getuid() or 65534
    assert (done.stdout.splitlines(), done.stderr) == ([f"{uid} False 2 True", "7 True"], "")
