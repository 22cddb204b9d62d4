"""Every submission of the corpus gets the verdict it is promised, harms nothing and costs its neighbours nothing.

What is graded here goes the way of `checker grade`: sources, `Marker`, every report that there is.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import sysconfig
import tempfile
import uuid
from contextlib import closing, suppress
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import jsonschema
import psutil
import pytest

from checker import marking
from checker.bootstrap import ROOT
from checker.engine import Trial
from checker.engine.open import open_class_engine, open_engine
from checker.engine.probe import probe
from checker.grading import report
from checker.marking import Marker, NothingToGrade, sources
from checker.report import annotations, html, junit
from checker.report import json as as_json
from checker.submission import Submission
from tests.checker.corpus import EXPECTED, FOLDER, Entry, entries, exercises, notebook

NEIGHBOUR = """%%exercise 1.1
from kiosk import change


async def test_change():
    assert await change(5, 3) == 2
"""
# The neighbour of what is only odd: one trial, where the other takes four.
QUICK_NEIGHBOUR = """%%exercise 1.2
prediction = {"test_a": "passed", "test_b": "failed"}
"""
HOSTILE = {
    *("leaves_early", "forges_the_record", "changes_the_framework", "recognises_the_subject", "never_ends"),
    *("takes_too_much", "outlives_its_trial", "reaches_out"),
}
CLASSES = HOSTILE | {
    *("says_nothing", "does_not_run", "says_too_much", "changes_its_mind", "broken_file", "odd_but_honest"),
    *("notebook_habits", "injection", "archive", "correct_oracle"),
}
SECRET = "the-secret-of-this-machine"
ALL = entries()
TAGS = {
    *(
        "div",
        "span",
        "strong",
        "code",
        "pre",
        "ul",
        "li",
        "details",
        "summary",
        "table",
        "caption",
        "thead",
        "tbody",
    ),
    *("tr", "th", "td", "progress"),
}


def test_the_corpus_is_large_and_has_every_class():
    files = {path.relative_to(FOLDER).as_posix() for path in FOLDER.glob("*/*") if path.name != EXPECTED}
    files -= {path for path in files if path.startswith(("contracts/", "__pycache__/"))}
    assert {entry.kind for entry in ALL} == CLASSES
    assert len(files) >= 90
    assert min(sum(entry.kind == kind for entry in ALL) for kind in CLASSES) >= 5
    assert files == {f"{entry.kind}/{entry.name}" for entry in ALL if "made" not in entry.expected}
    assert [entry.name for entry in ALL if "known_accepted" in entry.expected] == [
        "fingerprints_the_bytecode.py"
    ]


@dataclass
class Outside:
    """What lies outside a trial, and must be after it as it was before. `called`: who talked to us."""

    folder: Path
    bystander: subprocess.Popen
    tcp: socket.socket
    udp: socket.socket
    unix: socket.socket
    token: str = field(default_factory=lambda: uuid.uuid4().hex)

    @property
    def words(self) -> dict[str, str]:
        """What a submission may call by name in braces."""
        return {
            "outside": str(self.folder),
            "port": str(self.tcp.getsockname()[1]),
            "pid": str(self.bystander.pid),
            "token": self.token,
            "root": str(ROOT),
            "secret": SECRET,
        }

    def called(self) -> list[str]:
        """The listeners that somebody reached."""
        reached = []
        for name, line, take in (
            ("tcp", self.tcp, "accept"),
            ("udp", self.udp, "recv"),
            ("unix", self.unix, "accept"),
        ):
            with suppress(BlockingIOError):
                getattr(line, take)(*[64] * (take == "recv"))
                reached.append(name)
        return reached

    def files(self) -> list[Path]:
        """Files of the temporary folders, and of the environment, that carry the submission's token."""
        places = (tempfile.gettempdir(), "/dev/shm", sysconfig.get_path("purelib"))
        return [path for place in places for path in Path(place).glob(f"*{self.token}*")]


def _carrying(token: str) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if any(token in word for word in process.cmdline()) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


@pytest.fixture(scope="module")
def lines():
    """Listeners on loopback: TCP and UDP on one port, and a process that nobody may signal."""
    with socket.create_server(("127.0.0.1", 0)) as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
        udp.bind(tcp.getsockname())
        bystander = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
        yield tcp, udp, bystander
        bystander.kill()
        bystander.wait()


@pytest.fixture
def outside(lines, tmp_path):
    tcp, udp, bystander = lines
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "secret.txt").write_text(SECRET)
    (folder / "secret.txt").chmod(0o640)
    with socket.socket(socket.AF_UNIX) as unix:
        here = os.getcwd()
        os.chdir(folder)  # a socket's path is short
        unix.bind("line")
        os.chdir(here)
        unix.listen()
        for line in (tcp, udp, unix):
            line.setblocking(False)
        yield Outside(folder, bystander, tcp, udp, unix)


def seen(folder: Path) -> dict[str, tuple]:
    """Everything below a folder: its kind and mode, and what it holds."""
    found = {}
    for path in sorted(folder.rglob("*")):
        status = path.lstat()
        small = path.is_file() and not path.is_symlink() and status.st_size < 2**20
        found[str(path)] = (status.st_mode, status.st_size, path.read_bytes() if small else b"")
    return found


@pytest.fixture(scope="module")
def own_machine():
    """The engine of a learner's own machine."""
    engine = open_engine()
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def isolated():
    """The engine of a class run, tried out."""
    engine = open_class_engine()
    yield engine
    engine.close()


def graded(engine, path: Path, neighbour: Path) -> list[Submission]:
    """Both, as `checker grade` does it; what it refuses to name at all is a problem, too."""
    try:
        listed = sources([os.fspath(path)], ROOT)
    except NothingToGrade as error:
        listed = []
        refused = [Submission(os.fspath(path), problem=str(error))]
    else:
        refused = []
    return [*refused, *Marker(ROOT, engine, None).mark([*listed, *sources([str(neighbour)], ROOT)])]


def hold(entry: Entry, tier: str, engine, outside: Outside, tmp_path: Path, monkeypatch) -> None:
    """Grades one submission and its neighbour, and looks at everything that may have changed."""
    monkeypatch.setattr(marking, "load_readable", lambda root: (exercises(), {}))
    for name, value in entry.expected.get("env", {}).items():
        monkeypatch.setenv(name, value.replace("{secret}", SECRET))
    folder = tmp_path / "room"
    folder.mkdir()
    path = entry.submit(folder, outside.words)
    neighbour = tmp_path / "neighbour.ipynb"
    neighbour.write_text(json.dumps(notebook(NEIGHBOUR if entry.kind in HOSTILE else QUICK_NEIGHBOUR)))
    before = seen(folder), seen(outside.folder)

    *submissions, last = graded(engine, path, neighbour)

    assert sorted(verdict.verdict for verdict in last.verdicts) == ["empty", "passed"], last
    [submission] = submissions
    said = "\n".join(report(submission))
    look_at_verdicts(entry, tier, submission, said)
    look_at_reports(submission, said)
    if entry.expected.get("silent") or tier == "class":
        assert SECRET not in said + as_json.document(submissions)
    assert (seen(folder), seen(outside.folder)) == before
    assert outside.called() == []
    assert outside.bystander.poll() is None
    assert psutil.wait_procs(_carrying(outside.token), timeout=10)[1] == []
    files = outside.files()
    for file in files:
        file.unlink()
    assert tier == "own" or files == []


def look_at_verdicts(entry: Entry, tier: str, submission: Submission, said: str) -> None:
    by_id = {verdict.exercise: verdict for verdict in submission.verdicts}
    for id, words in entry.verdicts(tier).items():
        if words == ["unreadable"]:
            assert submission.problem, submission
            assert submission.exit_code == 2
            continue
        assert not submission.problem
        verdict = by_id[id]
        assert verdict.verdict in words, said
        assert submission.exit_code == (3 if verdict.verdict == "grader_error" else 1), said
    plain = " ".join(said.split())
    for text in entry.listed("says"):
        assert text in plain, said
    for text in entry.listed("never_says"):
        assert text not in said
    verdict = by_id.get(entry.exercise)
    for kind in entry.listed("finding") if tier not in entry.expected else ():
        assert kind in {finding.kind for finding in verdict.findings}, verdict.findings
    for text in entry.listed("flags"):
        assert any(text in flag for flag in verdict.flags), verdict.flags
    if entry.expected.get("silent_flags"):
        assert verdict.flags == ()


class Tags(HTMLParser):
    """Notes which elements and attributes a report has."""

    def __init__(self) -> None:
        super().__init__()
        self.tags, self.attributes = set(), set()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}


def look_at_reports(submission: Submission, said: str) -> None:
    """No word of a learner's acts in any place where it is shown."""
    assert all(character.isprintable() or character == "\n" for character in said), ascii(said)
    assert not [line for line in said.splitlines() if line.lstrip().startswith("::") or "##[" in line]
    for verdict in submission.verdicts:
        page = Tags()
        page.feed(html.html(verdict))
        assert page.tags <= TAGS
        assert page.attributes <= {"style", "class", "scope", "open"}
    jsonschema.Draft202012Validator(as_json.schema()).validate(json.loads(as_json.document([submission])))
    ElementTree.fromstring(junit.document([submission]))
    for line in annotations.lines([submission]):
        assert line.startswith("::error file=") and line.isprintable(), ascii(line)


def own_machine_entries() -> list[Entry]:
    """Where trials can be isolated, only what is promised on one's own machine too; else all that may run there."""
    bounded = ("takes_too_much", "outlives_its_trial")  # hangs are tried on both engines by their own tests
    isolated = shutil.which("bwrap")
    return [
        entry
        for entry in ALL
        if not entry.class_only and (not isolated or entry.kind in bounded or "own" in entry.expected)
    ]


@pytest.mark.isolation
@pytest.mark.parametrize("entry", ALL, ids=lambda entry: entry.id)
def test_in_a_class_run(entry, isolated, outside, tmp_path, monkeypatch):
    hold(entry, "class", isolated, outside, tmp_path, monkeypatch)


@pytest.mark.parametrize("entry", own_machine_entries(), ids=lambda entry: entry.id)
def test_on_ones_own_machine(entry, own_machine, outside, tmp_path, monkeypatch):
    hold(entry, "own", own_machine, outside, tmp_path, monkeypatch)


@pytest.mark.isolation
def test_a_trial_in_a_class_run_ends_as_pytest_does(isolated):
    """What pytest opened before the sandbox was entered, it can close."""
    [(_, record)] = isolated.run([Trial({"test_answer.py": "def test_a(caplog, tmp_path): pass\n"})])
    assert (record.end, record.exit_code, record.warnings) == ("finished", 0, ())


@pytest.mark.isolation
def test_another_engine_is_isolated_as_the_first_one_is(isolated):
    with closing(isolated.another()) as engine:
        assert engine.isolation == isolated.isolation
        assert probe(engine).failed == ()
