"""`%certificate` writes into the project's folder, or says why it does not."""

import pytest
from IPython.core.interactiveshell import InteractiveShell

from checker.magics import certificate
from checker.magics.certificate import CertificateMagics
from checker.progress import Progress
from checker.verdict import Verdict, Version
from tests.checker.displayed import displayed

PASSED = Verdict(
    "15.3", "", "tests", "passed", "", versions=(Version("mutant", "a_bug", "caught"),), matrix={"test_a": ("a_bug",)}
)  # fmt: skip


@pytest.fixture
def progress(tmp_path):
    return Progress(tmp_path, keep=True)


@pytest.fixture
def said(monkeypatch):
    return displayed(monkeypatch, certificate)


@pytest.fixture
def magics(tmp_path, pytestconfig, progress):
    (tmp_path / "app").symlink_to(pytestconfig.rootpath / "app")
    yield CertificateMagics(InteractiveShell.instance(), tmp_path, progress)
    InteractiveShell.clear_instance()


def test_it_is_written_into_the_projects_folder(magics, progress, said, tmp_path):
    progress.record(PASSED, {"test_answer.py": "x"})
    magics.certificate("Ada Lovelace")
    assert said == ["Your certificate is in the project's folder: certificate.html"]
    assert "Ada Lovelace" in (tmp_path / "certificate.html").read_text(encoding="utf-8")


def test_without_a_pass_it_says_what_to_do(magics, said, tmp_path):
    magics.certificate("")
    assert said == [
        "There is no certificate yet: no pass of exercise 15.3 is recorded in this copy. Run its cells, or: "
        "python3 -m checker run 15.3"
    ]
    assert not (tmp_path / "certificate.html").exists()


def test_a_file_of_the_learners_own_is_left_alone(magics, progress, said, tmp_path):
    progress.record(PASSED, {"test_answer.py": "x"})
    (tmp_path / "certificate.html").write_text("mine")
    magics.certificate("")
    assert "is there already and is no certificate" in said[0]
    assert (tmp_path / "certificate.html").read_text() == "mine"
