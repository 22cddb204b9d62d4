"""A learner in JupyterLab: grade a cell, open a hint by keyboard, interrupt a hung cell, go on.

Set SCREENSHOTS to a folder to keep a picture of each step.
"""

import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import nbformat
import pytest

from checker.report.html import html
from checker.report.text import text
from checker.verdict import Verdict, Version
from tests.checker.processes import listens

ROOT = Path(__file__).parents[2]
CHROMIUM = "/usr/bin/chromium"
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
pytestmark = pytest.mark.browser

KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
STARTER = """\
%%exercise 4.1
from app.services.user_service import create_user

# Your code here.
"""
NAIVE = """\
%%exercise 4.1
from unittest.mock import patch

from app.services.user_service import create_user


async def test_welcome(session):
    with patch("app.services.user_service.send_email", autospec=True) as send_email:
        await create_user(email="ada@example.com", session=session)
    send_email.assert_called_once_with("ada@example.com", "Welcome!")
"""
OVERSTRICT = NAIVE.replace("Welcome!", "Hello")
GOOD = """\
%%exercise 4.1
from unittest.mock import AsyncMock, patch

import pytest
from sqlalchemy.exc import OperationalError

from app.services.user_service import create_user

SEND = "app.services.user_service.send_email"


async def test_welcome(session):
    with patch(SEND, autospec=True) as send_email:
        await create_user(email="ada@example.com", session=session)
    send_email.assert_awaited_once_with("ada@example.com", "Welcome!")


async def test_no_mail_when_the_commit_fails(session):
    session.commit = AsyncMock(side_effect=OperationalError("COMMIT", {}, Exception("disk full")))
    with patch(SEND, autospec=True) as send_email:
        with pytest.raises(OperationalError):
            await create_user(email="ada@example.com", session=session)
    send_email.assert_not_called()


async def test_no_mail_to_one_who_is_there(session):
    with patch(SEND, autospec=True):
        await create_user(email="ada@example.com", session=session)
    with patch(SEND, autospec=True) as send_email:
        with pytest.raises(Exception):
            await create_user(email="ada@example.com", session=session)
    send_email.assert_not_called()
"""
HANG = """\
%%ipytest -s
import asyncio

async def test_hangs():
    print("begun")
    await asyncio.Event().wait()
"""
CELLS = (
    "%load_ext checker",
    STARTER,
    "%matrix 4.1",
    HANG,
    "print('alive')",
    "%hint 4.1",
    "%progress",
    "%show app/services/user_service.py create_user",
)


@pytest.fixture(scope="module")
def browser():
    sync_api = pytest.importorskip("playwright.sync_api", reason="pip install -r requirements-dev.txt")
    if not Path(CHROMIUM).exists():
        pytest.skip(f"needs {CHROMIUM}")
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """JupyterLab with settings of its own: its address, and the folder it shows."""
    home = tmp_path_factory.mktemp("jupyter")
    shown, settings = home / "work", home / "settings" / "@jupyterlab" / "apputils-extension"
    shown.mkdir()
    settings.mkdir(parents=True)
    (settings / "notification.jupyterlab-settings").write_text('{"fetchNews": "false"}')
    (settings / "themes.jupyterlab-settings").write_text('{"adaptive-theme": true}')
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "jupyterlab", "--allow-root", "--no-browser", f"--port={port}"]
    options = ["--IdentityProvider.token=", f"--ServerApp.root_dir={shown}"]
    own = ("CONFIG_DIR", "DATA_DIR", "RUNTIME_DIR")
    folders = {f"JUPYTER_{name}": str(home / name) for name in own}
    folders |= {"JUPYTERLAB_SETTINGS_DIR": str(home / "settings"), "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        [*command, *options], env=os.environ | folders, stderr=subprocess.PIPE, text=True, cwd=home
    )
    try:
        assert any("is running at" in line for line in process.stderr), "JupyterLab ended before it was up"
        # A pipe that nobody reads fills up and stops the server.
        drain = threading.Thread(target=process.stderr.read, daemon=True)
        drain.start()
        while not listens(port):
            assert process.poll() is None
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}/lab/tree/", shown
    finally:
        process.terminate()
        process.wait(20)
        drain.join(20)
        process.stderr.close()


@pytest.fixture
def open_notebook(server, browser):
    """Opens a notebook in JupyterLab: its page."""
    address, shown = server
    page = browser.new_page(viewport={"width": 1280, "height": 1600})

    def go(name, cells):
        notebook = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": KERNEL})
        path = shown / f"{name}.ipynb"
        nbformat.write(notebook, path)
        page.goto(f"{address}{path.name}?reset")
        page.get_by_text("Python 3 (ipykernel) | Idle").wait_for(timeout=60_000)
        return page, path

    yield go
    keep(page, "0_end")
    page.close()


def show_in(page, theme):
    """Changes JupyterLab's theme, "Light" or "Dark", as the system's own does."""
    page.emulate_media(color_scheme=theme.lower())
    page.locator(f"body[data-jp-theme-name='JupyterLab {theme}']").wait_for(state="attached")
    page.locator("#jupyterlab-splash").wait_for(state="detached")  # it is drawn over the page while the theme changes


def keep(page, name):
    """Pictures of the step in both themes, where they are wanted."""
    if folder := os.environ.get("SCREENSHOTS"):
        for theme in ("Dark", "Light"):
            show_in(page, theme)
            page.screenshot(path=f"{folder}/{name}_{theme.lower()}.png")


class Cell:
    """The cell at an index, as a learner uses it."""

    def __init__(self, page, index):
        self.page = page
        self.node = page.locator(".jp-Notebook .jp-Cell").nth(index)
        self.output = self.node.locator(".jp-Cell-outputArea")

    def edit(self):
        self.node.locator(".cm-content").click()
        self.page.locator(".jp-Notebook.jp-mod-editMode .jp-Cell.jp-mod-active .cm-focused").wait_for()

    def write(self, source):
        self.edit()
        self.page.keyboard.press("Control+A")
        # Typing would trigger the editor's own closing of brackets and indents.
        self.page.keyboard.insert_text(source)

    def run(self, until=""):
        """Run the cell and wait for a text in its output, or for its end."""
        self.edit()
        self.page.keyboard.press("Control+Enter")
        if not until:
            self.node.locator(".jp-InputPrompt", has_text=re.compile(r"\[\d+\]")).wait_for()
            return
        self.output.get_by_text(until).first.wait_for(timeout=30_000)


def test_a_learner_goes_from_untouched_to_passed_and_past_a_hung_cell(open_notebook):
    page, path = open_notebook("learner", [nbformat.v4.new_code_cell(cell) for cell in CELLS])
    load, exercise, matrix, hang, after, hint, progress, show = (
        Cell(page, index) for index in range(len(CELLS))
    )
    load.run()
    exercise.run("Not done yet.")
    keep(page, "1_untouched")

    exercise.write(OVERSTRICT)
    exercise.run("What pytest says")
    keep(page, "2_overstrict")

    exercise.write(NAIVE)
    exercise.run("MISSED")
    summary = exercise.output.locator("summary", has_text="Hint").first
    summary.focus()
    page.keyboard.press("Space")
    assert summary.locator("xpath=..").get_attribute("open") is not None
    keep(page, "3_misses")
    colour = "node => getComputedStyle(node).color"
    word, program = (
        exercise.output.locator("strong", has_text="MISSED").first,
        exercise.output.locator("td").first,
    )
    for theme in ("Dark", "Light"):
        show_in(page, theme)
        assert word.evaluate(colour) == program.evaluate(colour)

    exercise.write(GOOD)
    exercise.run("Done.")
    keep(page, "4_passed")
    matrix.run()
    matrix.output.locator("img[alt^='Kill matrix. ']").wait_for()
    keep(page, "4_matrix")

    hang.run("begun")
    page.locator("[data-command='notebook:interrupt-kernel'], [title^='Interrupt the kernel']").first.click()
    hang.output.get_by_text("STOPPED test_hangs: interrupted").wait_for(timeout=20_000)
    after.run("alive")
    hint.run("hint 1 of")
    progress.run("exercises done")
    show.run("create_user")
    show.output.scroll_into_view_if_needed()
    keep(page, "5_others")

    page.keyboard.press("Control+S")
    page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]").wait_for()
    page.wait_for_function("!document.querySelector('.jp-mod-dirty')")
    [output] = json.loads(path.read_text())["cells"][1]["outputs"]
    assert "Done." in "".join(output["data"]["text/plain"])


def test_an_untrusted_notebook_loses_only_colour(open_notebook):
    verdict = Verdict(
        "4.1",
        "Who signs up <b>gets</b> one welcome",
        "tests",
        "misses",
        "Accepts all 1 correct versions and catches 1 of 2 bugs for $x$ and $y$.",
        (
            Version("subject", "as it is", "accepted"),
            Version("mutant", "sends_twice", "caught", ("test_a",)),
            Version("mutant", "never_sends", "missed", hint="Was it awaited?"),
        ),
        (),
        {"test_a": ("sends_twice",)},
    )
    output = nbformat.v4.new_output("display_data", {"text/html": html(verdict), "text/plain": text(verdict)})
    page, _ = open_notebook("untrusted", [nbformat.v4.new_code_cell("%%exercise 4.1", outputs=[output])])
    shown = page.locator(".jp-OutputArea-output").first
    shown.get_by_text("Not done yet.").wait_for()
    assert page.locator(".jp-NotebookTrustedStatus-untrusted, [title*='Not trusted' i]").count()
    for word in ("PASS", "CAUGHT", "MISSED", "<b>gets</b>", "for $x$ and $y$", "a program that sends twice"):
        assert shown.get_by_text(word).count()
    assert shown.locator("th[scope=col]").count() and shown.locator("caption").count() == 3
    shown.locator("summary", has_text="Hint").click()
    assert shown.get_by_text("Was it awaited?").is_visible()
    keep(page, "6_untrusted")
