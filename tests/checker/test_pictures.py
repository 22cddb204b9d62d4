"""Pictures of runs that really happened, in a pytest of their own."""

import base64
import re
from xml.etree import ElementTree

import pytest

from checker import pictures
from checker.pictures import NothingToDraw

pytest_plugins = ["pytester"]

FIXTURES = """
import sqlite3

import pytest


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    file = tmp_path_factory.mktemp("database") / "app.db"
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE users (id INTEGER, email TEXT)")
    connection.close()
    return f"sqlite+aiosqlite:///{file}"


@pytest.fixture
def insert(url):
    connection = sqlite3.connect(url.removeprefix("sqlite+aiosqlite:///"))
    yield lambda email: connection.execute("INSERT INTO users VALUES (1, ?)", (email,))
    connection.commit()
    connection.close()
"""
TESTS = """
def test_ada(insert):
    insert("ada@example.com")


def test_nobody(insert):
    pass


def test_bob(insert):
    insert("bob@example.com")
"""
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def recorded(pytester):
    """Runs tests in a pytest that records them."""

    def recorded(tests, fixtures=FIXTURES):
        pytester.makeconftest(fixtures)
        pytester.makepyfile(test_it=tests)
        pytester.runpytest_inprocess(
            "-p",
            "checker.pictures",
            "-p",
            "no:cacheprovider",
            "--asyncio-mode=auto",
            "-o",
            "asyncio_default_fixture_loop_scope=function",
        )

    return recorded


def boxes(picture):
    """(x, y, width) of each bar or row; the first `rect` is the ground."""
    rects = ElementTree.fromstring(picture.svg).iter(f"{SVG}rect")
    return [tuple(float(rect.get(name)) for name in ("x", "y", "width")) for rect in list(rects)[1:]]


def texts(picture):
    return [element.text for element in ElementTree.fromstring(picture.svg).iter(f"{SVG}text")]


def test_a_row_is_drawn_in_each_column_after_whose_test_it_is_there(recorded):
    recorded(TESTS)
    picture = pictures.tables(users="email")
    assert texts(picture)[:4] == ["test_ada", "test_nobody", "test_bob", "users"]
    assert texts(picture)[4:] == ["ada@example.com", "ada@example.com", "ada@example.com", "bob@example.com"]
    assert len({x for x, _, _ in boxes(picture)}) == 3


def test_tables_say_the_same_in_words(recorded):
    recorded(TESTS)
    picture = pictures.tables(users="email")
    assert picture.rows == (
        ("test_ada", "ada@example.com"),
        ("test_nobody", "ada@example.com"),
        ("test_bob", "ada@example.com, bob@example.com"),
    )
    assert picture.alt == (
        "What is stored after each test. After test_ada: users ada@example.com. "
        "After test_nobody: users ada@example.com. After test_bob: users ada@example.com, bob@example.com."
    )


def test_an_empty_table_is_called_empty(recorded):
    recorded("def test_nobody(insert): pass")
    picture = pictures.tables(users="email")
    assert picture.rows == (("test_nobody", "empty"),)
    assert boxes(picture) == []
    assert texts(picture)[-1] == "empty"


def test_the_look_comes_after_the_teardown_of_the_test(recorded):
    recorded("def test_a(insert): insert('x')")
    assert [stored["users"] for stored in pictures.last_run().stored] == [({"id": 1, "email": "x"},)]


def test_a_bar_lasts_from_set_up_to_teardown(recorded):
    recorded(TESTS)
    picture = pictures.lifetimes("url", "insert")
    url, *inserts, first, second, third = boxes(picture)
    assert len(inserts) == 3
    assert url[0] < inserts[0][0] < first[0], "set up in this order"
    for insert, test in zip(inserts, (first, second, third), strict=True):
        assert insert[0] < test[0]
        assert insert[0] + insert[2] > test[0] + test[2], "the fixture outlives its test"
    assert url[0] + url[2] > inserts[-1][0] + inserts[-1][2], "torn down last"


def test_lifetimes_say_the_same_in_words(recorded):
    recorded(TESTS)
    picture = pictures.lifetimes("url", "insert")
    assert picture.rows == (("url", "one, from test_ada to test_bob"), ("insert", "a new one for each test"))
    assert picture.alt == (
        "Lifetimes of fixtures over 3 tests. url: one, from test_ada to test_bob. "
        "insert: a new one for each test."
    )


def test_a_fixture_that_only_some_tests_use_names_them(recorded):
    recorded(TESTS + "\n\ndef test_alone(): pass\n")
    assert pictures.lifetimes("insert").rows == (("insert", "test_ada; test_nobody; test_bob"),)


def test_async_fixtures_are_seen_like_others(recorded):
    recorded(
        "async def test_a(number): assert number == 1",
        """
import pytest


@pytest.fixture
async def number():
    yield 1
""",
    )
    assert pictures.lifetimes("number").rows == (("number", "test_a"),)


def test_a_failing_test_is_drawn_too(recorded):
    recorded("def test_a(insert):\n    insert('x')\n    assert False")
    assert len(boxes(pictures.lifetimes("insert"))) == 2
    assert pictures.tables(users="email").rows == (("test_a", "x"),)


def test_a_picture_is_the_same_on_every_run(recorded):
    drawn = []
    for _ in range(2):
        recorded(TESTS)
        drawn += [(pictures.lifetimes("url", "insert"), pictures.tables(users="email"))]
    assert drawn[0] == drawn[1]


def test_a_notebook_gets_an_image_with_alt_text_and_a_table(recorded):
    recorded(TESTS)
    picture = pictures.lifetimes("url")
    bundle = picture._repr_mimebundle_()
    assert bundle["text/plain"] == picture.alt
    image = re.match(r'<img alt="([^"]+)" src="data:image/svg\+xml;base64,([^"]+)"', bundle["text/html"])
    assert image[1] == picture.alt
    assert base64.b64decode(image[2]).decode() == picture.svg
    assert '<th scope="col"' in bundle["text/html"]
    assert "one, from test_ada to test_bob</td>" in bundle["text/html"]


def test_what_is_stored_cannot_become_markup(recorded):
    recorded("def test_a(insert): insert('<script>\"&')")
    picture = pictures.tables(users="email")
    assert texts(picture)[-1] == '<script>"&'
    assert "<script>" not in picture._repr_mimebundle_()["text/html"]


def test_a_long_name_is_cut_to_its_column(recorded):
    recorded(f"def test_{'very_' * 30}long(insert): pass")
    name = texts(pictures.lifetimes("insert"))[0]
    assert name.startswith("test_very") and name.endswith("…") and len(name) < 30


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: pictures.lifetimes("engine"), "No fixture `engine` was set up in this run. Set up: "),
        (lambda: pictures.tables(accounts="email"), "There is no table `accounts`. There are: users."),
        (lambda: pictures.tables(users="name"), "`users` has no column `name`. It has: id, email."),
    ],
)
def test_what_is_not_there_is_said_with_what_is(recorded, draw, message):
    recorded(TESTS)
    with pytest.raises(NothingToDraw) as error:
        draw()
    assert str(error.value).startswith(message)


def test_a_database_in_memory_cannot_be_drawn(recorded):
    recorded(
        "def test_a(url): pass",
        """
import pytest


@pytest.fixture
def url():
    return "sqlite+aiosqlite:///:memory:"
""",
    )
    with pytest.raises(NothingToDraw, match="no SQLite file that a fixture `url` names"):
        pictures.tables(users="email")


def test_without_a_run_it_says_how_to_record_one(recorded):
    recorded("", FIXTURES)
    with pytest.raises(NothingToDraw, match="%%ipytest -p checker.pictures"):
        pictures.lifetimes("url")


GATE = """
import asyncio


async def wait(gate):
    await gate.wait()


async def fail(gate):
    await wait(gate)
    raise OSError


async def test_gate():
    gate = asyncio.Event()
    tasks = [asyncio.create_task(wait(gate), name="ada"), asyncio.create_task(fail(gate))]
    await asyncio.sleep(0)
    gate.set()
    await asyncio.gather(*tasks, return_exceptions=True)
"""


def test_a_timeline_says_which_task_ran_when_and_where_it_waits(recorded):
    recorded(GATE)
    assert pictures.timeline().rows == (
        ("1", "the test", "it waits at await asyncio.sleep(0)"),
        ("2", "ada", "it waits at await gate.wait()"),
        ("3", "fail", "it waits at await gate.wait()"),
        ("4", "the test", "it waits at await asyncio.gather(*tasks, return_exceptions=True)"),
        ("5", "ada", "it ends"),
        ("6", "fail", "it ends with OSError"),
        ("7", "the test", "it ends"),
    )


def test_a_timeline_has_a_column_a_task_and_a_row_a_step(recorded):
    recorded(GATE)
    picture = pictures.timeline()
    assert [text for text in texts(picture) if "await" not in text and not text.isdigit()] == [
        "the test",
        "ends",
        "ada",
        "ends",
        "fail",
        "OSError",
    ]
    rows = {step: y for step, (_, y, _) in zip("1472536", boxes(picture), strict=True)}
    assert sorted(rows, key=rows.get) == list("1234567")
    assert len({x for x, _, _ in boxes(picture)}) == 3
    assert picture.alt.startswith(
        "Which task ran when, step by step. 1 the test: it waits at await asyncio.sleep(0)."
    )


def test_a_timeline_is_the_same_on_every_run(recorded):
    drawn = []
    for _ in range(2):
        recorded(GATE)
        drawn.append(pictures.timeline())
    assert drawn[0] == drawn[1]


def test_a_comment_is_no_part_of_the_line(recorded):
    recorded(GATE.replace("await gate.wait()", "await gate.wait()  # for the test"))
    assert pictures.timeline().rows[1] == ("2", "ada", "it waits at await gate.wait()")


def test_tasks_of_one_function_are_numbered(recorded):
    recorded("""
import asyncio


async def ring():
    await asyncio.sleep(0)


async def test_bells():
    async with asyncio.TaskGroup() as group:
        group.create_task(ring())
        group.create_task(ring())
        group.create_task(ring(), name="bell")
""")
    assert list(dict.fromkeys(task for _, task, _ in pictures.timeline().rows)) == [
        "the test",
        "ring 1",
        "ring 2",
        "bell",
    ]


def test_a_watched_task_is_a_task_like_others(recorded):
    recorded("""
import asyncio
import pytest


async def never():
    await asyncio.Event().wait()


async def test_cancelled():
    task = asyncio.create_task(never())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert task.cancelled()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await never()
""")
    assert pictures.timeline().rows[3] == ("4", "never", "it ends with CancelledError")
    assert pictures.timeline().rows[-1] == ("6", "the test", "it ends")


def test_nothing_is_watched_after_the_test(recorded):
    import asyncio

    before = asyncio.BaseEventLoop.create_task
    recorded(GATE + "    assert False")
    assert asyncio.BaseEventLoop.create_task is before


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: pictures.timeline(), "This run had 2 tests: name one of test_gate, test_sync."),
        (lambda: pictures.timeline("test_x"), "No test `test_x` ran. Ran: test_gate, test_sync."),
        (lambda: pictures.timeline("test_sync"), "`test_sync` ran no task"),
    ],
)
def test_a_timeline_that_cannot_be_drawn_says_why(recorded, draw, message):
    recorded(GATE + "\n\ndef test_sync(): pass\n")
    with pytest.raises(NothingToDraw) as error:
        draw()
    assert str(error.value).startswith(message)
