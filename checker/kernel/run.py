"""Runs a notebook by nbval in a process of its own and reads what became of each cell from JUnit."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from checker.engine.bounds import HELD
from checker.engine.processes import kill_tree, private_folder, remove, slowness
from checker.engine.sandbox import FOLDER, Builder, Layout, Sandbox, interpreter
from checker.kernel import SANITIZED, SOCKETS
from checker.kernel.plan import Plan, Planned, plan
from checker.notebook.reader import Notebook
from checker.report.words import clean
from checker.submission import CellRun, KernelRun

LAUNCH = Path(__file__).parent / "launch.py"
CELL_SECONDS = 60.0
WHOLE_SECONDS = 300.0
MAX_REPORT_BYTES = 16 * 2**20
_EXPLANATION = 4000
_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_CONFIGURATION = "[pytest]\naddopts =\n"
_WITHHELD = "solutions/ is not here, so the cells were only run: their outputs were compared with nothing."


class KernelRunner:
    """Runs notebooks, from several threads if wanted.

    `cell_seconds` and `whole_seconds` limit a cell and a notebook on a quiet machine. `sandboxed`: strangers'
    notebooks; each kernel in a sandbox of its own, nbval and what it compares with outside.
    """

    def __init__(
        self,
        root: Path,
        *,
        cell_seconds: float = CELL_SECONDS,
        whole_seconds: float = WHOLE_SECONDS,
        sandboxed: bool = False,
    ) -> None:
        self._root = root
        self._builder = Builder(_layout(root)) if sandboxed else None
        self._cell_seconds, self._whole_seconds = cell_seconds, whole_seconds
        self._stopped = threading.Event()

    def stop(self) -> None:
        """End the runs that go on, and let none begin."""
        self._stopped.set()

    def run(self, notebook: Notebook, reference: Notebook | None) -> KernelRun:
        """The notebook's cells in their order, in a fresh kernel in an empty folder.

        With a reference, given cells must print what it stores and exercise cells must reach its verdict.
        """
        planned = plan(notebook, reference)
        mode = "compared" if reference else "run"
        if not planned.cells:
            return KernelRun("not_run", sentence="The notebook has no code cells.")
        folder = private_folder()
        try:
            (folder / "notebook.ipynb").write_text(json.dumps(planned.document()), encoding="utf-8")
            (folder / "pytest.ini").write_text(_CONFIGURATION, encoding="utf-8")
            with self._sandbox() as sandbox:
                stopped = self._pytest(folder, mode, sandbox)
            found = _report(folder / "report.xml")
            if found is None:
                return self._without_report(mode, planned, stopped, folder)
            return KernelRun(mode, _cells(planned, found), "" if reference else _WITHHELD)
        finally:
            remove(folder)

    @contextmanager
    def _sandbox(self) -> Iterator[Sandbox | None]:
        """One that stands, for a stranger's kernel."""
        if self._builder is None:
            yield None
            return
        with closing(self._builder.build()) as sandbox:
            sandbox.wait()
            yield sandbox

    def _pytest(self, folder: Path, mode: str, sandbox: Sandbox | None) -> str:
        """Why pytest was stopped, in words; empty when it ended by itself."""
        stretch = slowness()
        kernel = _kernel_spec(folder, sandbox, self._root) if sandbox else "--nbval-current-env"
        command = [
            *(sys.executable, "-m", "pytest", "notebook.ipynb", "-c", "pytest.ini", "--rootdir", "."),
            *("--noconftest", "-p", "no:cacheprovider", "-p", "nbval.plugin", "-p", "checker.kernel.plugin"),
            *("--nbval" if mode == "compared" else "--nbval-lax", kernel, f"--nbval-sanitize-with={SANITIZED}"),
            *(f"--nbval-cell-timeout={self._cell_seconds * stretch}", "--color=no", "--no-summary", "-q"),
            "--junitxml=report.xml",
        ]
        with open(folder / "log", "wb") as log:
            process = subprocess.Popen(
                command,
                cwd=folder,
                env=_environment(self._root, folder) | ({SOCKETS: _sockets(folder)} if sandbox else {}),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            deadline = time.monotonic() + self._whole_seconds * stretch
            try:
                # Woken by the process's end at once, by `stop` within a moment.
                while time.monotonic() < deadline and not self._stopped.is_set():
                    try:
                        process.wait(0.2)
                        return ""
                    except subprocess.TimeoutExpired:
                        if sandbox and (reason := sandbox.overfull):
                            return f"It {reason} and was stopped"
                return "It was stopped" if self._stopped.is_set() else "It took too long and was stopped"
            finally:
                kill_tree(process.pid)
                process.wait()

    def _without_report(self, mode: str, planned: Plan, stopped: str, folder: Path) -> KernelRun:
        if not stopped:
            last = (folder / "log").read_bytes()[-_EXPLANATION:].decode("utf-8", "replace")
            said = next((line for line in reversed(last.splitlines()) if line.strip()), "nothing")
            reason = f"nbval could not run the notebook. It said: {clean(_ANSI.sub('', said))}"
            return KernelRun(mode, sentence=reason, fault=True)
        sentence = f"{stopped}. Run the notebook in JupyterLab to see which cell takes so much."
        return KernelRun(mode, tuple(_cell(one, None) for one in planned.cells), sentence)


def _layout(root: Path) -> Layout:
    """A stranger's kernel sees the program, the magics and their contracts; neither solutions nor stored answers."""
    shown = tuple(str(root / name) for name in ("app", "checker"))
    return Layout(read_only=(*interpreter(), *shown), held=2 * HELD)


def _kernel_spec(folder: Path, sandbox: Sandbox, root: Path) -> str:
    """Writes how to start the kernel in its sandbox; returns the option that names it.

    The sockets lie in the sandbox's own folder, which is reached from here by way of its first process.
    """
    spec = folder / "jupyter" / "kernels" / "sandbox" / "kernel.json"
    spec.parent.mkdir(parents=True)
    argv = [sys.executable, "-I", str(LAUNCH), str(sandbox.pid), str(sandbox.uid), str(root), "{connection_file}"]
    words = {"argv": argv, "display_name": "sandbox", "language": "python"}
    spec.write_text(json.dumps(words), encoding="utf-8")
    (folder / "sandbox").symlink_to(f"/proc/{sandbox.pid}/root{FOLDER}")
    return "--nbval-kernel-name=sandbox"


def _sockets(folder: Path) -> str:
    return str(folder / "sandbox" / "kernel")


def _environment(root: Path, folder: Path) -> dict[str, str]:
    """This process's, without what configures pytest, Python or Jupyter otherwise than a fresh clone does."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTEST_", "PYTHON", "COVERAGE_", "COV_", "GITHUB_"))
    }
    folders = ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR")
    return (
        kept
        | {name: str(folder / "jupyter") for name in folders}
        | {
            "PYTHONPATH": str(root),
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        }
    )


@dataclass(frozen=True)
class _Case:
    result: str
    reason: str
    detail: str


def _report(path: Path) -> dict[int, _Case] | None:
    """By the place of the code cell; None where there is no report that can be read."""
    try:
        if path.stat().st_size > MAX_REPORT_BYTES:
            return None
        cases = list(ElementTree.parse(path).iter("testcase"))
    except (OSError, ElementTree.ParseError):
        return None
    return {int(case.get("name", "").removeprefix("Cell ")): _case(case) for case in cases} or None


def _case(element: ElementTree.Element) -> _Case:
    said = {one.get("name"): one.get("value", "") for one in element.iter("property")}
    result = next((tag for tag in ("failure", "error", "skipped") if element.find(tag) is not None), "passed")
    return _Case(result, said.get("reason", ""), _plain(said.get("detail", "")))


def _plain(text: str) -> str:
    # The report writes a control character as #x1B.
    return _ANSI.sub("", text.replace("#x1B", "\x1b")).strip()[:_EXPLANATION]


def _cells(planned: Plan, found: dict[int, _Case]) -> tuple[CellRun, ...]:
    ran = [_cell(one, found.get(place)) for place, one in enumerate(planned.cells)]
    return (*ran, *_gone(planned))


def _gone(planned: Plan) -> Iterator[CellRun]:
    for cell in planned.deleted:
        first = clean(cell.source.strip().split("\n")[0], 60)
        yield CellRun(0, "given", "deleted", sentence=f"A given cell is gone: the one that begins `{first}`.")


def _cell(one: Planned, case: _Case | None) -> CellRun:
    changed = "This given cell was changed." if one.changed else ""
    if case is None or case.result == "skipped":
        result, sentence, detail = "not_run", "Not run: a cell never ended, or ended the kernel.", ""
    elif case.result == "passed":
        result, sentence, detail = "passed", "", ""
    else:
        result = "timed_out" if case.reason.startswith("Timeout") else "failed"
        sentence, detail = _why(one, case)
    sentence = " ".join(filter(None, (sentence, changed)))
    return CellRun(one.cell.number, one.role, result, one.exercise, one.changed, sentence, detail)


def _why(one: Planned, case: _Case) -> tuple[str, str]:
    """A sentence for a person, and nbval's explanation where it adds to that."""
    lines = [line for line in case.detail.split("\n") if line.strip()]
    if case.reason.startswith("Timeout"):
        return "The cell did not end in time.", ""
    if case.reason.startswith("Cell execution"):
        return f"The cell raised {clean(lines[-1]) if lines else 'an exception'}.", case.detail
    if not case.reason.startswith("Cell outputs"):
        return f"The cell could not be run: {clean(case.reason) or 'the kernel did not start'}.", case.detail
    if one.role == "exercise":
        said = clean(lines[1]) if len(lines) > 1 else clean(lines[0]) if lines else "nothing"
        return f"The exercise is not passed. The cell says: {said}", ""
    return "The cell prints something else than it should.", case.detail
