"""What went wrong is a sentence with what to do; what nobody foresaw is kept in a file."""

import errno

import pytest

from checker.contract import ContractError, UnknownExercise
from checker.engine import EngineError
from checker.fault import explain
from checker.notebook.reader import NotebookError


@pytest.mark.parametrize(
    ("error", "code", "sentence"),
    [
        (NotebookError("x.ipynb: is a folder."), 2, "x.ipynb: is a folder."),
        (UnknownExercise("There is no exercise '9.9'."), 2, "There is no exercise '9.9'."),
        (
            ContractError("03.toml: `find` occurs 4 times"),
            3,
            "not your fault. 03.toml: `find` occurs 4 times",
        ),
        (EngineError("It died. Try again."), 3, "not your fault. It died. Try again."),
        (OSError(errno.ENOSPC, "No space left", "a\nb"), 2, "a\\nb: No space left. Make room"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
def test_what_is_foreseen_is_a_sentence(error, code, sentence, tmp_path):
    found = explain(error, tmp_path)
    assert found[0] == code
    assert sentence in found[1]
    assert list(tmp_path.iterdir()) == []


def raised():
    try:
        raise KeyError("a\nb")
    except KeyError as error:
        return error


def test_what_nobody_foresaw_is_kept_with_its_traceback(tmp_path):
    code, sentence = explain(raised(), tmp_path)
    log = tmp_path / ".assert_await" / "fault.log"
    assert code == 3
    assert sentence == (
        "the checker failed, which is not your fault (KeyError: 'a\\nb'). "
        f"The details are in {log}: report them with what you did."
    )
    assert "Traceback (most recent call last)" in log.read_text()
    assert "raise KeyError" in log.read_text()


def test_a_folder_that_cannot_be_written_leaves_the_log_elsewhere(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    _, sentence = explain(raised(), tmp_path / "missing" / "root")
    assert f"The details are in {tmp_path / 'checker-fault.log'}" in sentence
