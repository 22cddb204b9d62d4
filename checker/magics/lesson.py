"""`%%ipytest` for lessons: ipytest, set up so that async tests run, outputs are stable, Interrupt works."""

from __future__ import annotations

import inspect
import io
import itertools
import os
import re
import shlex
import shutil
import sys
import tempfile
import types
from pathlib import Path
from typing import TextIO

import ipytest
import ipytest._impl
import psutil
import pytest
from IPython.core.error import UsageError
from IPython.core.magic import no_var_expand

from checker.magics import worker
from checker.magics.places import Places
from checker.magics.reporter import Reporter

_OPTIONS = (
    "--color=no",
    "--capture=sys",
    "-p",
    "no:cacheprovider",
    "-p",
    "no:nbval",
    "-p",
    "no:xdist",
    "--asyncio-mode=auto",
    "-o",
    "asyncio_default_fixture_loop_scope=function",
    "-o",
    "asyncio_default_test_loop_scope=function",
)
_FOLDER = "assert-await-"
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_NODE = re.compile(r"\{(\w+)\}")
_RAISES = re.compile(r"# ipytest:.*\braise_on_error\s*=\s*True")
_ENVIRONMENT = ("PYTEST_ADDOPTS", "PYTEST_PLUGINS", "PYTEST_DISABLE_PLUGIN_AUTOLOAD", "CI", "BUILD_NUMBER")

# Many a library that brings a plugin is imported in a kernel long before; with `-W error` that would end the run.
_QUIET = ("-W", "ignore::pytest.PytestAssertRewriteWarning")


class Lesson:
    """Runs the tests of a cell. `root` is the project's folder."""

    def __init__(self, shell, root: Path) -> None:
        self._shell, self._root = shell, root
        remove_left_over()
        self._folder = Path(tempfile.mkdtemp(prefix=f"{_FOLDER}{os.getpid()}-"))
        self._modules = (f"cell{number or ''}" for number in itertools.count())
        self._module = next(self._modules)
        # A configuration of its own: that of the folder above is for the project's own tests.
        (self._folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
        ipytest.autoconfig(run_in_thread=False, coverage=False, clean=False, addopts=_OPTIONS)
        shell.register_magic_function(self.ipytest, "cell", "ipytest")

    def close(self) -> None:
        """Remove the folder of the modules that pytest collects."""
        shutil.rmtree(self._folder, ignore_errors=True)

    @no_var_expand
    def ipytest(self, line: str, cell: str) -> None:
        """Run the tests of this cell with pytest.

        %%ipytest                 run them all
        %%ipytest -s -k user      any option of pytest
        %%ipytest {test_a}        one test by its name

        Fixtures and imports of earlier cells can be used; tests of earlier cells are gone. A failing test
        does not stop "Run All" unless the cell's first line is `# ipytest: raise_on_error=True`.
        """
        forget_tests(sys.modules["__main__"])
        # The magic's line stays as a comment, so that line numbers are those of the cell.
        source = f"# %%ipytest {line}\n{cell}"
        places = Places(self._file_name(source), self._root)
        if not self._shell.run_cell(source).success:
            print(
                "No test was run: the cell itself failed. Mend the error above, then run the cell again.",
                file=sys.stderr,
            )
            return
        code = self._run(shlex.split(line), places)
        ipytest.exit_code = code
        if code and _RAISES.match(cell):
            raise ipytest.Error(code)

    def _file_name(self, source: str) -> str:
        return self._shell.compile.get_code_name(
            source, self._shell.transform_cell(source), self._shell.execution_count
        )

    def _run(self, arguments: list[str], places: Places) -> int:
        path = self._folder / f"{self._module}.py"
        # ipytest would put its module beside the notebook, and leave it there when the kernel is killed.
        ipytest._impl.random_module_path._filename = str(path)
        names = [_NODE.sub(lambda found: _node(path, found[1]), argument) for argument in arguments]
        chosen = any(argument.startswith(str(path)) for argument in names)
        reporter = Reporter(sys.stdout, places, path.name)
        messages = Complaints(sys.stderr)
        errors, sys.stderr = sys.stderr, messages
        hidden = {name: os.environ.pop(name) for name in _ENVIRONMENT if name in os.environ}
        try:
            ended = worker.run(
                lambda: ipytest.run(
                    "-c",
                    str(self._folder / "pytest.ini"),
                    *names,
                    *_QUIET,
                    defopts=not chosen,
                    run_in_thread=False,
                    raise_on_error=False,
                    coverage=False,
                    plugins=[reporter, messages],
                ),
                lambda stuck: setattr(reporter, "stuck", self._places_of(stuck, places)),
            )
        finally:
            sys.stderr = errors
            messages.release()
            os.environ.update(hidden)
        return self._tell(ended, reporter, messages.held, places)

    def _tell(self, ended: worker.Ended, reporter: Reporter, messages: str, places: Places) -> int:
        reporter.closed = True
        if ended.alive:
            # The old thread still holds the old module's name.
            self._module = next(self._modules)
            print(f"STOPPED {reporter.running}: interrupted, but it cannot be stopped from outside.")
            for place in reporter.stuck or ():
                print(f"        is at {place}")
            print(
                "        It is inside one call that Python cannot break off, such as time.sleep().\n"
                "        The kernel can be used. To be rid of it: Kernel, Restart Kernel."
            )
            return int(pytest.ExitCode.INTERRUPTED)
        if ended.error is not None and not ended.interrupted:
            raise UsageError(
                f"pytest could not run: {type(ended.error).__name__}: {places.stable(str(ended.error))}"
            )
        code = int(pytest.ExitCode.INTERRUPTED if ended.interrupted else ended.result)
        if code in (pytest.ExitCode.USAGE_ERROR, pytest.ExitCode.INTERNAL_ERROR):
            shown = [
                line
                for line in _COLOUR.sub("", places.stable(messages)).splitlines()
                if line.strip() and not line.strip().startswith(("inifile:", "rootdir:"))
            ]
            print("\n".join(shown))
        else:
            print(reporter.summary())
        return code

    @staticmethod
    def _places_of(stuck: list[list[worker.Line]], places: Places) -> tuple[str, ...]:
        """The innermost line of the learner's in each thing that waited, each once."""
        inner = ([*places.among(lines)][-1:] for lines in stuck)
        return tuple(dict.fromkeys(str(place) for found in inner for place in found))


class Complaints(io.TextIOBase):
    """In the place of stderr, and a plugin: holds back what pytest says of its options, to be made stable.

    Once released it passes everything on: with `-s` that is when the tests begin, and at the end in any
    case, since a thread that was given up puts it back in the place of stderr when it ends.
    """

    def __init__(self, errors: TextIO) -> None:
        self._errors: TextIO = errors
        self._released = False
        self.held = ""

    def release(self) -> None:
        """Hold back no more."""
        self._released = True

    def write(self, text: str) -> int:
        if self._released:
            return self._errors.write(text)
        self.held += text
        return len(text)

    def flush(self) -> None:
        self._errors.flush()

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        if session.config.option.capture == "no":
            self.release()


def remove_left_over() -> None:
    """Remove the folders of kernels that were killed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_FOLDER}*-*"):
        owner = folder.name.removeprefix(_FOLDER).partition("-")[0]
        if owner.isdecimal() and not psutil.pid_exists(int(owner)):
            shutil.rmtree(folder, ignore_errors=True)


def forget_tests(module: types.ModuleType) -> None:
    """Delete the tests of earlier cells and a stale `pytestmark`; fixtures, data, imported classes stay."""
    for name, value in list(vars(module).items()):
        is_test = name.startswith("test") and inspect.isfunction(value)
        is_class = name.startswith("Test") and inspect.isclass(value) and value.__module__ == module.__name__
        if name == "pytestmark" or (is_test or is_class) and getattr(value, "__test__", True):
            delattr(module, name)


def _node(path: Path, name: str) -> str:
    return str(path) if name == "MODULE" else f"{path}::{name}"
