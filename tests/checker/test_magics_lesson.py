"""The parts of `%%ipytest` and `%show` that need no kernel."""

import io
import os
import types

import pytest

from checker.magics.lesson import Complaints, forget_tests, remove_left_over
from checker.magics.places import Places
from checker.magics.show import NotShown, definition, fenced

CELL = "/tmp/ipykernel_12/345.py"


@pytest.fixture
def places(tmp_path):
    return Places(CELL, tmp_path)


def test_tests_and_a_stale_mark_go_fixtures_and_data_stay():
    module = types.ModuleType("__main__")

    @pytest.fixture
    def test_user():
        return "u"

    def test_old():
        pass

    class TestOld:
        pass

    class TestClient:
        __test__ = False

    TestOld.__module__ = TestClient.__module__ = "__main__"
    vars(module).update(
        test_user=test_user,
        test_old=test_old,
        TestOld=TestOld,
        TestClient=TestClient,
        TestCase=Complaints,
        test_data=[1],
        pytestmark=1,
    )
    forget_tests(module)
    kept = [name for name in vars(module) if not name.startswith("__")]
    assert kept == ["test_user", "TestClient", "TestCase", "test_data"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<object object at 0x7f00aa11bb22>", "<object object>"),
        ("<Task name='Task-17' coro=x>", "<Task name='Task-N' coro=x>"),
        (f'File "{CELL}", line 3', 'File "this cell", line 3'),
        ('File "/tmp/ipykernel_12/99.py", line 3', 'File "another cell", line 3'),
        ("'/tmp/pytest-of-root/pytest-3/test_x0/no.txt'", "'…/no.txt'"),
        ("/opt/venv/lib/python3.11/asyncio/base.py:12", "asyncio/base.py:12"),
        ("/opt/venv/lib/python3.11/site-packages/plugin.py:12:  def run()", "plugin.py:  def run()"),
        ("/tmp/clone/.venv/lib/python3.11/site-packages/plugin.py:12:  def run()", "plugin.py:  def run()"),
        ("id 123e4567-e89b-12d3-a456-426614174000", "id …"),
        ("assert 255 == 0xff", "assert 255 == 0xff"),
    ],
)
def test_what_differs_from_run_to_run_is_taken_out(places, text, expected):
    assert places.stable(text) == expected


def test_a_place_is_the_learners_or_none(places, tmp_path):
    assert places.of(CELL, 7).where == "line 7"
    assert places.of("/tmp/ipykernel_12/99.py", 7).where == "another cell, line 7"
    assert places.of(str(tmp_path / "app" / "main.py"), 7).where == "app/main.py, line 7"
    assert places.of("/usr/lib/python3/asyncio/base.py", 7) is None


def test_the_folder_of_a_killed_kernel_is_removed_and_that_of_a_living_one_stays(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    # No system gives a process a number this large.
    for name in (f"assert-await-{2**31 - 1}-a", f"assert-await-{os.getpid()}-b", "assert-await-notes-c"):
        (tmp_path / name).mkdir()
    remove_left_over()
    assert sorted(folder.name for folder in tmp_path.iterdir()) == [
        f"assert-await-{os.getpid()}-b",
        "assert-await-notes-c",
    ]


def test_complaints_are_held_until_released():
    errors = io.StringIO()
    complaints = Complaints(errors)
    complaints.write("held ")
    complaints.release()
    complaints.write("passed on")
    assert (complaints.held, errors.getvalue()) == ("held ", "passed on")


SOURCE = """\
LIMIT: int = 3

@cached
async def load(id):
    return id


class User:
    name = "x"

    def greet(self):
        return "hello"
"""


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("LIMIT", "LIMIT: int = 3"),
        ("load", "@cached\nasync def load(id):\n    return id"),
        ("User.name", 'name = "x"'),
        ("User.greet", 'def greet(self):\n    return "hello"'),
    ],
)
def test_a_definition_is_shown_whole_and_without_its_indent(name, expected):
    assert definition(SOURCE, name, "app/x.py") == expected


def test_an_unknown_definition_names_the_nearest():
    with pytest.raises(NotShown, match="does not define `lod`. It defines `load`"):
        definition(SOURCE, "lod", "app/x.py")


def test_no_backticks_in_a_file_close_its_fence():
    assert fenced("a.py", 'x = "```"').splitlines()[2:] == ["````python", 'x = "```"', "````"]
