"""Whatever lies at the path, the reader returns a notebook or says what is wrong, at once."""

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from checker.notebook.reader import NotebookError, read, shown

CELL = {
    "cell_type": "code",
    "id": "a",
    "metadata": {},
    "execution_count": None,
    "outputs": [],
    "source": "x = 1",
}
GOOD = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [CELL]}


def with_cell(**changes):
    return json.dumps(GOOD | {"cells": [CELL | changes]})


def with_top(**changes):
    return json.dumps(GOOD | changes)


def without(key):
    return json.dumps({name: value for name, value in GOOD.items() if name != key})


TEXT = json.dumps(GOOD, indent=1)
MERGED = TEXT.replace('"x = 1"', '"x = 1"\n<<<<<<< HEAD\n=======\n>>>>>>> other')

BAD = {
    "empty": ("", "the file is empty"),
    "blank": (" \r\n\t\n", "the file is empty"),
    "only_a_bom": ("\ufeff", "the file is empty"),
    "only_nul_bytes": (b"\0" * 4096, "the file is empty"),
    "not_json": ("def test_a(): pass", "line 1, column 1 is not JSON"),
    "binary": (b"\x89PNG\r\n\x1a\n\xff\xfe", "line 1 is not UTF-8 text"),
    "a_zip": (b"PK\x03\x04\xff\xff", "is an archive, not a notebook"),
    "latin_1": (TEXT.replace("x = 1", "é").encode("latin-1"), "is not UTF-8 text"),
    "utf_16": (TEXT.encode("utf-16"), "is saved as UTF-16"),
    "nul_inside": (TEXT.replace("x = 1", "x\0").encode(), "is not JSON"),
    "a_raw_surrogate": (b'{"a": "\xed\xa0\x80"}', "is not UTF-8 text"),
    "a_web_page": ("\n<!DOCTYPE html><html>", "is a web page"),
    "truncated": (TEXT[: len(TEXT) // 2], "breaks off in line"),
    "truncated_in_a_text": (TEXT[: TEXT.index("x = 1") + 2], "breaks off in line"),
    "last_brace_gone": (TEXT[:-1], "breaks off in line"),
    "merge_markers": (MERGED, "is a merge marker (<<<<<<< HEAD)"),
    "merge_markers_crlf": (MERGED.replace("\n", "\r\n"), "is a merge marker (<<<<<<< HEAD)"),
    "two_documents": (TEXT + TEXT, "is not JSON"),
    "trailing_comma": (TEXT.replace("x = 1\"", "x = 1\","), "is not JSON"),
    "single_quotes": (str(GOOD), "is not JSON"),
    "a_list": ("[]", "states no nbformat"),
    "a_number": ("7", "states no nbformat"),
    "a_text": ('"notebook"', "states no nbformat"),
    "null": ("null", "states no nbformat"),
    "an_empty_object": ("{}", "states no nbformat"),
    "format_3": ('{"nbformat": 3, "worksheets": []}', "is saved in format 3, not in format 4"),
    "format_99": (with_top(nbformat=99), "is saved in format 99, not in format 4"),
    "format_text": (with_top(nbformat="4"), "must be whole numbers"),
    "format_true": (with_top(nbformat=True), "must be whole numbers"),
    "format_float": (with_top(nbformat=4.0), "must be whole numbers"),
    "minor_negative": (with_top(nbformat_minor=-1), "must be whole numbers"),
    "minor_null": (with_top(nbformat_minor=None), "must be whole numbers"),
    "no_cells_key": (without("cells"), "has no list of cells"),
    "no_cells": (with_top(cells=[]), "has no cells"),
    "cells_an_object": (with_top(cells={}), "has no list of cells"),
    "cells_a_text": (with_top(cells="x = 1"), "has no list of cells"),
    "metadata_a_list": (with_top(metadata=[]), "its metadata is not an object"),
    "a_cell_of_text": (with_top(cells=[CELL, "x = 1"]), "cell 2: is not an object"),
    "a_cell_of_null": (with_top(cells=[None]), "cell 1: is not an object"),
    "cell_type_unknown": (with_cell(cell_type="heading"), "cell 1: its cell_type is 'heading'"),
    "cell_type_missing": (with_top(cells=[{"source": ""}]), "cell 1: its cell_type is None"),
    "cell_type_a_list": (with_cell(cell_type=["code"]), "cell 1: its cell_type is ['code']"),
    "source_missing": (with_top(cells=[{"cell_type": "code"}]), "cell 1: its source is neither"),
    "source_null": (with_cell(source=None), "cell 1: its source is neither"),
    "source_a_number": (with_cell(source=1), "cell 1: its source is neither"),
    "source_of_numbers": (with_cell(source=["x", 1]), "cell 1: its source is neither"),
    "cell_metadata_null": (with_cell(metadata=None), "cell 1: its metadata is not an object"),
    "tags_a_text": (with_cell(metadata={"tags": "solution"}), "cell 1: its tags are not a list"),
    "outputs_an_object": (with_cell(outputs={}), "cell 1: its outputs are not a list"),
    "outputs_of_texts": (with_cell(outputs=["1"]), "cell 1: its outputs are not a list"),
    "execution_count_a_text": (with_cell(execution_count="1"), "cell 1: its execution_count"),
    "id_a_number": (with_cell(id=1), "cell 1: its id is not text"),
    "attachments_a_list": (with_cell(attachments=[]), "cell 1: its attachments"),
    "nan": (TEXT.replace("null", "NaN"), "a number that JSON does not have (NaN)"),
    "infinity": (TEXT.replace("null", "-Infinity"), "a number that JSON does not have (-Infinity)"),
    "a_float_too_large": (TEXT.replace("null", "1e999"), "a number that JSON does not have (1e999)"),
    "an_endless_integer": (TEXT.replace("null", "9" * 5000), "a number that JSON does not have"),
    "a_million_digits": (TEXT.replace("null", "9" * 1_000_000), "a number that JSON does not have"),
    "deep_lists": ("[" * 100_000 + "]" * 100_000, "is nested too deeply"),
    "deep_objects": ('{"a":' * 50_000 + "1" + "}" * 50_000, "is nested too deeply"),
    "deep_but_parsed": (TEXT.replace("null", "[" * 200 + "]" * 200), "is nested too deeply"),
    "millions_of_lists": ("[" + "[]," * 3_000_000 + "[]]", "is nested too deeply, or has too many parts"),
    "too_much_source": (with_cell(source="x" * 1_000_001), "its cells hold 1,000,001 characters"),
    "too_large": (b" " * (20 * 1024 * 1024 + 1), "has 20,971,521 bytes, more than the 20,971,520"),
}  # fmt: skip


def refusal(path):
    started = time.thread_time()
    with pytest.raises(NotebookError) as caught:
        read(path)
    assert time.thread_time() - started < 5  # of work: a second on a quiet machine
    return str(caught.value)


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_refused_within_a_second_by_name(tmp_path, name):
    content, reason = BAD[name]
    path = tmp_path / f"{name}.ipynb"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    message = refusal(path)
    assert message.startswith(f"{path}: ")
    assert reason in message
    assert message.endswith(".")
    assert len(message) < 400 + len(str(path))


def test_a_bad_file_cut_at_any_byte_never_raises_anything_else(tmp_path):
    path = tmp_path / "cut.ipynb"
    content = TEXT.replace("x = 1", "é 1").encode()
    for end in range(len(content)):
        path.write_bytes(content[:end])
        assert str(path) in refusal(path)


def make_fifo(path):
    os.mkfifo(path)


def make_socket(path):
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path.name)


def make_sparse(path):
    with open(path, "wb") as file:
        file.truncate(1 << 40)


def make_dangling(path):
    path.symlink_to("nowhere.ipynb")


def make_loop(path):
    path.symlink_to(path.name)


def make_link_to_device(path):
    path.symlink_to("/dev/zero")


def make_link_outside(path):
    outside = path.parent.parent / "outside.ipynb"
    outside.write_text(TEXT)
    path.symlink_to(outside)


def make_link_to_folder(path):
    (path.parent / "folder").mkdir()
    path.symlink_to("folder")


@pytest.mark.parametrize(
    "make, reason",
    [
        (Path.mkdir, "is a folder, not a notebook. Name the .ipynb file inside it."),
        (make_fifo, "is a pipe, a socket or a device, not a file. Name an .ipynb file."),
        (make_socket, "is a pipe, a socket or a device, not a file. Name an .ipynb file."),
        (make_sparse, "has 1,099,511,627,776 bytes, more than the 20,971,520 that are read. "
            "Clear its outputs (Edit, Clear Outputs of All Cells), save it and try again."),
        (make_dangling, "cannot be read: No such file or directory. Check its name and permissions."),
        (make_loop, "cannot be read: Too many levels of symbolic links. Check its name and permissions."),
        (make_link_to_device, "is a link to a file outside its folder. Copy the notebook itself there."),
        (make_link_outside, "is a link to a file outside its folder. Copy the notebook itself there."),
        (make_link_to_folder, "is a folder, not a notebook. Name the .ipynb file inside it."),
        (lambda path: None, "cannot be read: No such file or directory. Check its name and permissions."),
    ],
)  # fmt: skip
def test_what_is_no_regular_file_is_refused_without_waiting(tmp_path, monkeypatch, make, reason):
    folder = tmp_path / "submission"
    folder.mkdir()
    monkeypatch.chdir(folder)
    path = folder / "work.ipynb"
    make(path)
    assert refusal(path) == f"{path}: {reason}"


@pytest.mark.parametrize("path", ["/dev/zero", "/proc/self/mem", "/proc/kmsg"])
def test_a_device_is_refused(path):
    assert refusal(Path(path)).startswith(f"{path}: ")


def test_a_name_with_nul_or_escapes_is_refused_in_printable_words(tmp_path):
    assert "a\\x00b" in refusal(tmp_path / "a\0b")
    assert refusal(tmp_path / "\x1b[31m\udcff.ipynb").isprintable()


def test_a_link_to_a_file_in_the_same_folder_is_followed(tmp_path):
    (tmp_path / "real.ipynb").write_text(TEXT)
    link = tmp_path / "link.ipynb"
    link.symlink_to("real.ipynb")
    assert read(link).cells[0].source == "x = 1"


def test_a_relative_link_is_followed_from_any_folder(tmp_path, monkeypatch):
    (tmp_path / "real.ipynb").write_text(TEXT)
    (tmp_path / "link.ipynb").symlink_to("real.ipynb")
    monkeypatch.chdir(tmp_path)
    assert read(Path("link.ipynb")).cells[0].source == "x = 1"


@pytest.mark.parametrize(
    "content",
    [
        TEXT,
        "\ufeff" + TEXT,
        TEXT.replace("\n", "\r\n"),
        with_cell(source=["x = ", "1"]),
        with_cell(source="x = 1", id=None),
        without("metadata"),
        json.dumps({"nbformat": 4, "cells": [{"cell_type": "code", "source": "x = 1"}]}),
        with_cell(surprise={"a": 1}),
    ],
)
def test_an_odd_but_honest_file_is_read(tmp_path, content):
    path = tmp_path / "odd.ipynb"
    path.write_bytes(content.encode())
    (cell,) = read(path).cells
    assert (cell.number, cell.kind, cell.source, cell.outputs, cell.tags) == (1, "code", "x = 1", (), ())


def test_line_ends_of_sources_become_newlines(tmp_path):
    path = tmp_path / "crlf.ipynb"
    path.write_text(with_cell(source=["a\r\n", "b\r", "c\n", "d"]))
    assert read(path).cells[0].source == "a\nb\nc\nd"


def test_half_a_character_becomes_the_replacement_character(tmp_path):
    path = tmp_path / "half.ipynb"
    path.write_text(with_cell(source="x = '\ud83d'", outputs=[{"text": "\udc00 \U0001f600"}]))
    (cell,) = read(path).cells
    assert (cell.source, cell.outputs) == ("x = '\ufffd'", ({"text": "\ufffd \U0001f600"},))


def test_duplicate_ids_are_kept_as_they_are(tmp_path):
    path = tmp_path / "twice.ipynb"
    path.write_text(with_top(cells=[CELL, CELL]))
    assert [(cell.number, cell.id) for cell in read(path).cells] == [(1, "a"), (2, "a")]


def test_what_a_cell_holds_is_read(tmp_path):
    path = tmp_path / "full.ipynb"
    output = {"output_type": "stream", "name": "stdout", "text": ["1\n"]}
    path.write_text(with_cell(outputs=[output], execution_count=3, metadata={"tags": ["solution"], "own": 1}))
    (cell,) = read(path).cells
    assert cell.outputs == (output,)
    assert (cell.tags, cell.execution_count, cell.id) == (("solution",), 3, "a")
    assert cell.metadata == {"tags": ["solution"], "own": 1}


def test_the_size_limit_is_the_callers(tmp_path):
    path = tmp_path / "small.ipynb"
    path.write_text(TEXT)
    assert read(path, max_bytes=len(TEXT)).minor == 5
    with pytest.raises(NotebookError, match="more than the 10 that are read"):
        read(path, max_bytes=10)


def test_shown_text_is_printable_and_short():
    assert shown("a\x1b[0m\n\u202eb") == "a\\x1b[0m\\n\\u202eb"
    assert shown("x" * 20, limit=5) == "xxxxx…"


def test_the_reader_imports_nothing_outside_the_standard_library():
    program = (
        "import sys, checker.notebook.reader, checker.notebook.syntax, checker.notebook.workspace\n"
        "print(*{name.split('.')[0] for name in sys.modules} - sys.stdlib_module_names)"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-S", "-c", program], cwd=root, capture_output=True, text=True, check=True
    )
    assert set(done.stdout.split()) <= {"__main__", "checker"}
