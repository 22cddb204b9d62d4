"""The certificate says what the record says, and takes no file from anybody."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest

from checker.certificate import CAPSTONE, NotOurs, NotPassed, write_certificate
from checker.contract import load_all
from checker.notebook.reader import NotebookError
from checker.progress import Progress
from checker.verdict import Verdict, Version

VERSIONS = {"python": "3.11.7", "pytest": "9.2.0", "pytest-asyncio": "1.5.0", "sqlalchemy": "2.1.9"}
PASSED = Verdict(
    CAPSTONE,
    "A suite",
    "tests",
    "passed",
    "",
    versions=(
        Version("subject", "as it is", "accepted"),
        Version("variant", "other_words", "accepted"),
        Version("mutant", "closes_a_day_early", "caught", ("test_edge",)),
        Version("mutant", "lets_everybody_in", "caught", ("test_eve", "test_edge")),
    ),
    matrix={"test_edge": ("closes_a_day_early", "lets_everybody_in"), "test_eve": ("lets_everybody_in",)},
    libraries=VERSIONS,
)


class Page(HTMLParser):
    """The text of a page, its tags, and what it would fetch."""

    def __init__(self, text):
        super().__init__()
        self.text, self.tags, self.addresses = "", [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.addresses += [value for name, value in attrs if name in ("src", "href")]

    def handle_data(self, data):
        self.text += data


@pytest.fixture
def progress(tmp_path):
    return Progress(tmp_path, keep=True)


@pytest.fixture
def write(pytestconfig, tmp_path, progress):
    """Writes the certificate of what is recorded, and returns it."""

    def write(name="", file="certificate.html"):
        write_certificate(pytestconfig.rootpath, tmp_path / file, name, progress)
        return Page((tmp_path / file).read_text(encoding="utf-8"))

    return write


def test_it_says_what_was_caught_when_and_on_which_versions(write, progress):
    before = datetime.now(UTC).replace(microsecond=0)
    progress.record(PASSED, {"test_answer.py": "x"})
    page = write("Ada Lovelace")
    assert "Ada Lovelace" in page.text
    assert "a suite of 2 tests" in page.text
    assert "accepts 2 correct programs and catches 2 of 2 bugs" in page.text
    assert re.search(r"a program that closes a day early\s*1 test(?!s)", page.text)
    assert re.search(r"a program that lets everybody in\s*2 tests", page.text)
    [day, time] = re.search(r"Graded on (\d+ \w+ \d{4}) at ([\d:]{8}) UTC", page.text).groups()
    graded = datetime.strptime(f"{day} {time}", "%d %B %Y %H:%M:%S").replace(tzinfo=UTC)
    assert before <= graded <= datetime.now(UTC)
    for name, version in VERSIONS.items():
        assert f"{name} {version}" in page.text
    assert "It is formative." in page.text


def test_it_lists_the_exercises_that_are_passed(write, progress, pytestconfig):
    progress.record(PASSED, {"test_answer.py": "x"})
    progress.record(replace(PASSED, exercise="4.1"), {"test_answer.py": "x"})
    progress.record(replace(PASSED, exercise="4.2", verdict="misses"), {"test_answer.py": "x"})
    page = write()
    assert f"Exercises passed: 2 of {len(load_all(pytestconfig.rootpath))}" in page.text
    assert "04 mock async functions4.14.2, 4.3, 4.4" in page.text


def test_it_fetches_nothing_and_runs_nothing(write, progress):
    progress.record(PASSED, {"test_answer.py": "x"})
    page = write()
    assert "script" not in page.tags and "link" not in page.tags
    assert [address.split(",")[0] for address in page.addresses] == ["data:image/svg+xml;base64"]


def test_everything_from_outside_is_escaped(write, progress):
    evil = replace(
        PASSED, matrix={"<script>alert(1)</script>": ("closes_a_day_early",)}, libraries={"<b>": "<i>"}
    )
    progress.record(evil, {"test_answer.py": "x"})
    page = write('"><script>Eve</script>')
    assert {"script", "b", "i"}.isdisjoint(page.tags)
    assert '"><script>Eve</script>' in page.text and "<b> <i>" in page.text


def test_without_a_pass_of_the_capstone_there_is_none(write, progress, tmp_path):
    progress.record(replace(PASSED, verdict="misses"), {"test_answer.py": "x"})
    progress.record(replace(PASSED, exercise="15.2"), {"test_answer.py": "x"})
    with pytest.raises(NotPassed, match="no pass of exercise 15.3 .* python3 -m checker run 15.3"):
        write()
    assert not (tmp_path / "certificate.html").exists()


def test_a_later_one_replaces_an_earlier_one(write, progress):
    progress.record(PASSED, {"test_answer.py": "x"})
    write("Ada")
    assert "Ada" not in write("Bob").text


@pytest.mark.parametrize("content", [b"", b"<html>my own page</html>", b"\xff\xfe\x00"])
def test_a_file_that_is_no_certificate_is_left_alone(write, progress, tmp_path, content):
    progress.record(PASSED, {"test_answer.py": "x"})
    (tmp_path / "mine.html").write_bytes(content)
    with pytest.raises(NotOurs, match="is there already and is no certificate"):
        write(file="mine.html")
    assert (tmp_path / "mine.html").read_bytes() == content


def test_neither_a_folder_nor_a_link_is_replaced(write, progress, tmp_path):
    progress.record(PASSED, {"test_answer.py": "x"})
    write(file="real.html")
    (tmp_path / "folder").mkdir()
    (tmp_path / "link.html").symlink_to(tmp_path / "real.html")
    for name in ("folder", "link.html"):
        with pytest.raises(NotOurs):
            write(file=name)


def test_a_folder_that_is_not_there_is_named(write, progress):
    progress.record(PASSED, {"test_answer.py": "x"})
    with pytest.raises(NotebookError, match="nowhere/certificate.html: cannot be written"):
        write(file="nowhere/certificate.html")
