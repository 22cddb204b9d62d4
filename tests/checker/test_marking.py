"""What is found under the names that `grade` is given."""

import pytest

from checker.bootstrap import ROOT
from checker.marking import NothingToGrade, sources
from tests.checker.corpus import FOLDER


def test_a_folder_names_its_archives_rather_than_pass_them_over(tmp_path):
    for name in ("anna.ipynb", "ben.zip", "carl.tar.gz", "notes.txt", "d.kept-1.ipynb"):
        (tmp_path / name).write_bytes((FOLDER / "archive" / "a_class.zip").read_bytes())
    assert [source.path.name for source in sources([str(tmp_path)], ROOT)] == [
        "anna.ipynb",
        "ben.zip",
        "carl.tar.gz",
    ]


@pytest.mark.parametrize("name", ["x" * 5000, "a\0b"], ids=["too long", "NUL"])
def test_a_name_that_no_file_can_have_is_said_so(name):
    with pytest.raises(NothingToGrade, match="Check the name"):
        sources([name], ROOT)
