"""The kill matrix is drawn as it was seen, and says the same in words."""

from xml.etree import ElementTree

from checker.pictures.matrix import kill_matrix

SVG = "{http://www.w3.org/2000/svg}"
CAUGHT = {"test_a": ("first_bug",), "test_b": ("first_bug", "second_bug"), "test_c": ()}
BUGS = ["first_bug", "second_bug", "third_bug"]


def drawn(picture):
    return ElementTree.fromstring(picture.svg)


def test_there_is_a_mark_for_each_catch_and_no_other():
    squares = [box for box in drawn(kill_matrix(CAUGHT, BUGS)).iter(f"{SVG}rect") if box.get("rx") == "3"]
    columns = sorted({float(box.get("x")) for box in squares})
    rows = sorted({float(box.get("y")) for box in squares})
    places = sorted((rows.index(float(box.get("y"))), columns.index(float(box.get("x")))) for box in squares)
    assert places == [(0, 0), (1, 0), (1, 1)]


def test_the_margins_count():
    texts = [text.text for text in drawn(kill_matrix(CAUGHT, BUGS)).iter(f"{SVG}text")]
    assert texts == [
        "first bug", "2", "second bug", "1", "third bug", "0",
        "test_a", "1", "test_b", "2", "test_c", "0", "tests that caught it",
    ]  # fmt: skip


def test_the_same_is_said_in_words():
    picture = kill_matrix(CAUGHT, BUGS)
    assert picture.alt == (
        "Kill matrix. 3 tests, 2 of 3 bugs caught. first bug: caught by test_a and test_b. "
        "second bug: caught by test_b. third bug: missed."
    )
    assert picture.rows == (("test_a", "first bug"), ("test_b", "first bug, second bug"), ("test_c", "none"))


def test_everything_lies_within_the_picture():
    root = drawn(kill_matrix(CAUGHT, BUGS))
    width, height = float(root.get("width")), float(root.get("height"))
    for text in root.iter(f"{SVG}text"):
        assert 0 <= float(text.get("x")) <= width and 0 <= float(text.get("y")) <= height


def test_names_from_outside_are_escaped_and_shortened():
    picture = kill_matrix({"test_<b>\x1b" + "x" * 200: ("<script>",)}, ["<script>"])
    assert "<script>" not in picture.svg and "test_&lt;b&gt;\\x1b" in picture.svg
    assert max(len(text.text) for text in drawn(picture).iter(f"{SVG}text")) < 70


def test_without_tests_there_is_still_a_picture():
    assert kill_matrix({}, ["a_bug"]).alt == "Kill matrix. 0 tests, 0 of 1 bug caught. a bug: missed."


def test_it_is_the_same_every_time():
    assert kill_matrix(CAUGHT, BUGS) == kill_matrix(CAUGHT, BUGS)
