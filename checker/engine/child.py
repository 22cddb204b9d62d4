"""One trial, in its own process: writes the files into a private folder, runs pytest there, reports over a channel.

Imports nothing of the checker, so that a learner's code beside it finds nothing to read.
"""

from __future__ import annotations

import contextlib
import gc
import importlib.abc
import importlib.util
import json
import os
import re
import shutil
import signal
import sys
import tempfile
import warnings
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType, ModuleType

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import pytest  # noqa: E402
from bounds import KEPT_ENV  # noqa: E402
from family import become_reaper, die_with_parent, kill_children  # noqa: E402
from notes import NOTE, noting  # noqa: E402
from onlooker import Onlooker  # noqa: E402
from place import stand_for  # noqa: E402
from program import program_modules  # noqa: E402
from recorder import Recorder, listen  # noqa: E402

_recorder: Recorder | None = None
NOTHING: Mapping[str, ModuleType] = MappingProxyType({})
CONFIG = """[pytest]
asyncio_mode = "auto"
asyncio_default_fixture_loop_scope = "function"
"""
TEST_FILE = re.compile(r"test_\w+\.py|\w+_test\.py")
LARGEST_FILE = 32 * 2**20
MEMORY = 4 * 2**30
RARELY = (
    100_000,
    20,
    20,
)  # a trial is short: collecting garbage as often as by default costs it a fifth of its time


@lru_cache(maxsize=1024)
def compiled(path: str, text: str, *, noted: bool = False):
    """The code of a file of the program under test; the name in it is relative, the same in every trial.

    `noted`: its functions report when they run.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return compile(noting(path, text) if noted else text, path, "exec", dont_inherit=True)


def note(function: str) -> None:
    """A watched function runs. While a module is imported ahead, nobody records it."""
    if _recorder is not None:
        _recorder.note(function)


class Program(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports the program under test from its text, with bytecode that is compiled once for all trials.

    The functions of the files `watch` report to `note`.
    """

    def __init__(self, files: Mapping[str, str], folder: str, watch: Collection[str]) -> None:
        self.folder, self.modules, self.watch = folder, program_modules(files), watch

    def find_spec(self, name, path=None, target=None):
        if name not in self.modules:
            return None
        where = os.path.join(self.folder, self.modules[name][0])
        return importlib.util.spec_from_file_location(
            name,
            where,
            loader=self,
            submodule_search_locations=[os.path.dirname(where)] if where.endswith("__init__.py") else None,
        )

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        path, text = self.modules[module.__name__]
        noted = path in self.watch
        if noted:
            module.__dict__[NOTE] = note
        exec(compiled(path, text, noted=noted), module.__dict__)  # noqa: S102

    def get_source(self, name):
        return self.modules[name][1]

    def adopt(self, preloaded: Mapping[str, ModuleType]) -> None:
        """Makes modules that were imported elsewhere the trial's own: as if they had been imported here."""
        for name, module in preloaded.items():
            spec = self.find_spec(name)
            module.__spec__, module.__loader__, module.__file__ = spec, self, spec.origin
            if spec.submodule_search_locations is not None:
                module.__path__ = spec.submodule_search_locations
            sys.modules[name] = module


def limit() -> None:
    """Bounds what the process may take, where the system can: file size, memory, no core dump."""
    try:
        import resource
    except ImportError:
        return
    for what, amount in (
        (resource.RLIMIT_FSIZE, LARGEST_FILE),
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 512),
    ):
        try:
            soft, hard = resource.getrlimit(what)
            top = amount if hard == resource.RLIM_INFINITY else min(amount, hard)
            resource.setrlimit(what, (top, top))
        except (ValueError, OSError):
            continue


def surroundings(folder: str) -> dict[str, str]:
    """The environment variables of a trial that asks for none."""
    kept = {name: os.environ[name] for name in KEPT_ENV if name in os.environ}
    room = dict.fromkeys(("TMPDIR", "TEMP", "TMP"), os.path.join(folder, "tmp"))
    return {
        **kept,
        "HOME": folder,
        **room,
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "COLUMNS": "100",
        "NO_COLOR": "1",
    }


def prepare(job: dict, preloaded: Mapping[str, ModuleType]) -> None:
    """Makes the process the trial's: folder, files, environment, import path. `preloaded`: modules of the program."""
    folder = job["folder"]
    environment = {**surroundings(folder), **job["env"]}
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    if preloaded:
        stand_for()
    os.mkdir("tmp")
    tempfile.tempdir = None
    for path, text in job["files"].items():
        if "/" in path:
            os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
    sys.dont_write_bytecode = True
    here = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    sys.path[:] = [folder] + [
        entry
        for entry in sys.path
        if entry and os.path.abspath(entry) not in (here, os.path.dirname(os.path.abspath(__file__)))
    ]
    sys.meta_path[:] = [
        finder for finder in sys.meta_path if not getattr(finder, "__module__", "").startswith("__editable__")
    ]
    program = Program(job["files"], folder, job["watch"])
    sys.meta_path.insert(0, program)
    program.adopt(preloaded)
    sys.argv = ["pytest"]


UNUSED = ("cacheprovider", "doctest", "pastebin", "stepwise", "setuponly", "setupplan", "faulthandler")
# By the names of their entry points, so that `required_plugins` finds them.
PLUGINS = tuple(word for name in ("asyncio", "anyio", "timeout") for word in ("-p", name))
OPTIONS = (
    *PLUGINS,
    *(word for name in UNUSED for word in ("-p", f"no:{name}")),
    "--tb",
    "short",
    "--color",
    "no",
    "--capture",
    "sys",
)


def arguments(job: dict) -> list[str]:
    """The command line of pytest, for a trial that has no configured pytest to go on with."""
    if job["command"] is not None:
        if not {"pytest.toml", "pytest.ini", "pyproject.toml"} & set(job["files"]):
            Path("pytest.toml").write_text(CONFIG, encoding="utf-8")
        return [*PLUGINS, "-p", "pytest_cov", *job["command"]]
    folder = job["folder"]
    config = "pytest.toml"
    if config not in job["files"]:
        config = os.path.join("tmp", "pytest.toml")
        Path(config).write_text(CONFIG, encoding="utf-8")
    return [
        "-c",
        config,
        "--rootdir",
        folder,
        "--confcutdir",
        folder,
        *OPTIONS,
        "--basetemp",
        basetemp(folder),
        *selected(job),
    ]


def basetemp(folder: str) -> str:
    return os.path.join(folder, "tmp", "t")


def selected(job: dict) -> list[str]:
    """What pytest is to collect, as absolute paths: what was asked for, else each test file.

    The whole folder where the trial's own settings say what a test file is: looking through it costs milliseconds.
    """
    files = [path for path in job["files"] if TEST_FILE.fullmatch(path.rpartition("/")[2])]
    chosen = job["select"] or ("pytest.toml" not in job["files"] and sorted(files))
    return [os.path.join(job["folder"], id) for id in chosen or ("",)]


def adapt(session, job: dict) -> None:
    """Makes a session that has begun the trial's: what differs is where it is and what it collects."""
    folder, config = Path(job["folder"]), session.config
    config.args[:] = selected(job)
    config._rootpath = session.path = folder
    config.invocation_params = replace(config.invocation_params, dir=folder)  # where pytest goes back to at the end
    config.pluginmanager._confcutdir = folder
    config._tmp_path_factory._given_basetemp = Path(basetemp(job["folder"]))
    session._bestrelpathcache = type(session._bestrelpathcache)(folder)


def run(
    job: dict, channel: int, session=None, recorder=None, preloaded: Mapping[str, ModuleType] = NOTHING
) -> None:
    """Runs the trial; `channel` is the file descriptor of the record, `preloaded` what of the program is imported.

    With `session`, pytest's own, begun and about to collect, in which `recorder` is registered, it prepares that one
    and returns; else, and where the trial brings its own settings, it runs pytest itself and ends the process.
    """
    global _recorder

    def send(event: dict) -> None:
        data = json.dumps(event, default=repr).encode() + b"\n"
        while data:
            data = data[os.write(channel, data) :]

    gc.set_threshold(*RARELY)
    limit()
    prepare(job, preloaded)
    send({"event": "prepared"})
    begun = session is not None and job["command"] is None and "pytest.toml" not in job["files"]
    _recorder = recorder if begun else Recorder() if job["command"] is None else Onlooker()
    _recorder.begin(job, send)
    listen(_recorder)
    if begun:
        adapt(session, job)
        return
    end(attempt(lambda: pytest.main(arguments(job), plugins=[_recorder])))


def attempt(session: Callable[[], int]) -> int:
    """pytest's exit code. An error of pytest's own, as while it shuts down, is only noted: the tests are done."""
    try:
        return int(session())
    except Exception as error:
        if _recorder is None:
            raise
        _recorder.broke(error)
        return int(pytest.ExitCode.INTERNAL_ERROR)


def end(code: int) -> None:
    """Sends the last event and ends the process, whatever threads are left."""
    sys.stdout.flush()
    sys.stderr.flush()
    _recorder.finish(code)
    os._exit(0)


def _go_below_a_reaper(folders: tuple[str, ...], supervisor: int) -> None:
    """Returns in a forked child; the parent waits for it and ends whatever it leaves behind.

    When the supervisor is killed, nobody else is left to do that and to remove the `folders`.
    """
    become_reaper()

    def clean_up(*_) -> None:
        _end_children()
        for folder in folders:
            shutil.rmtree(folder, ignore_errors=True)
        with contextlib.suppress(OSError):
            os.rmdir(os.path.dirname(folders[0]))  # where no other trial lies there
        os._exit(1)

    signal.signal(signal.SIGTERM, clean_up)
    die_with_parent(signal.SIGTERM)
    if os.getppid() != supervisor:
        clean_up()  # it ended before we could be told
    pid = os.fork()
    if not pid:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        die_with_parent()
        return
    _, status = os.waitpid(pid, 0)
    _end_children()
    os._exit(os.waitstatus_to_exitcode(status) & 0xFF)


def _end_children() -> None:
    """Until there are none: what a killed child leaves behind becomes ours."""
    while kill_children():
        with contextlib.suppress(ChildProcessError):
            os.waitpid(-1, 0)


def main() -> None:
    """`python child.py JOB CHANNEL SUPERVISOR`: the paths of the job's JSON and of the file that takes the record, the
    process number of who started it.
    """
    job = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    if hasattr(os, "fork"):
        _go_below_a_reaper((job["folder"], os.path.dirname(sys.argv[1])), int(sys.argv[3]))
    run(job, os.open(sys.argv[2], os.O_WRONLY | os.O_APPEND))


if __name__ == "__main__":
    main()
