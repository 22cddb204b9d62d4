"""A stranger's notebook: its kernel runs in a sandbox, and the outputs that it should repeat lie outside."""

import json
import socket
import threading

import psutil
import pytest

from checker.bootstrap import ROOT
from checker.kernel.run import KernelRunner
from tests.checker.clone import said
from tests.checker.notebooks import code, notebook

pytestmark = pytest.mark.isolation


def run(*sources, reference=None, **how):
    cells = [code(source, cell_id=f"c{number}") for number, source in enumerate(sources)]
    return KernelRunner(ROOT, sandboxed=True, **how).run(notebook(*cells), reference)


def closed(done):
    assert [(cell.result, cell.sentence) for cell in done.cells] == [("passed", "")] * len(done.cells), done
    assert not done.fault
    return done.cells


def test_outputs_are_compared_as_they_are_without_a_sandbox():
    reference = notebook(
        code("print('same')", cell_id="c0", outputs=said("same"), execution_count=1),
        code("print('was')", cell_id="c1", outputs=said("was"), execution_count=2),
    )
    done = run("print('same')", "print('is')", "1 / 0", reference=reference)
    assert done.mode == "compared"
    assert [cell.result for cell in done.cells] == ["passed", "failed", "failed"]
    assert done.cells[2].sentence == "The cell raised ZeroDivisionError: division by zero."


def test_neither_solutions_nor_the_outputs_it_should_print_are_there():
    seen = json.dumps([str(ROOT / "solutions"), str(ROOT / "tests"), "/etc/passwd", "notebook.ipynb"])
    closed(
        run(
            f"from pathlib import Path\nassert not any(Path(path).exists() for path in {seen})",
            f"assert Path({str(ROOT / 'app' / 'main.py')!r}).is_file()",
            "import os, psutil\nassert len(psutil.pids()) < 4 and os.getuid() != 0",
        )
    )


def test_the_network_is_closed_but_for_its_own_loopback():
    with socket.create_server(("127.0.0.1", 0)) as server:
        closed(
            run(
                f"import socket\nassert socket.socket().connect_ex({server.getsockname()}) != 0",
                "server = socket.create_server(('127.0.0.1', 0))\n"
                "assert socket.socket().connect_ex(server.getsockname()) == 0",
            )
        )


def test_magics_and_exercises_work_inside():
    cells = run(
        "%load_ext checker",
        "%%ipytest\nasync def test_a():\n    assert 1",
        "%%exercise 0.1\nasync def test_a():\n    assert 1",
    ).cells
    assert [cell.result for cell in cells[:2]] == ["passed", "passed"]
    assert cells[2].role == "exercise"


def test_a_cell_that_never_ends_is_interrupted():
    done = run("while True: pass", "print('after')", cell_seconds=1)
    assert done.cells[0].result == "timed_out"


def test_a_kernel_that_takes_too_much_memory_is_stopped():
    hog = (
        "import os\nfor _ in range(6):\n    if not os.fork():\n        held = bytearray(b'x') * (600 * 2**20)\n"
        "        while True: pass\nos.wait()"
    )
    done = run(hog)
    assert not done.passed
    assert "took more than 2048 MiB of memory" in done.sentence


def test_what_a_notebook_leaves_behind_is_gone():
    mark = "kernel-left"
    daemon = (
        "import os, signal\nif not os.fork():\n    os.setsid()\n"
        f"    open('/proc/self/comm', 'w').write('{mark}')\n    signal.pause()"
    )
    before = {one.pid for one in psutil.Process().children(recursive=True)}
    closed(run(daemon))
    assert not [one for one in psutil.process_iter(["name"]) if one.info["name"] == mark]
    assert {one.pid for one in psutil.Process().children(recursive=True)} <= before


def test_stopping_leaves_nothing():
    runner = KernelRunner(ROOT, sandboxed=True)
    before = {one.pid for one in psutil.Process().children(recursive=True)}
    found = []
    grading = threading.Thread(target=lambda: found.append(runner.run(notebook(code("while True: pass")), None)))
    grading.start()
    while not any("ipykernel_launcher" in words for one in kernels() for words in one):
        assert grading.is_alive()
    runner.stop()
    grading.join()
    assert found[0].sentence.startswith("It was stopped.")
    assert {one.pid for one in psutil.Process().children(recursive=True)} <= before


def kernels():
    for one in psutil.Process().children(recursive=True):
        try:
            yield one.cmdline()
        except psutil.NoSuchProcess:
            continue
