"""The HTML report: words first, everything escaped, nothing that a sanitizer takes but colour."""

from dataclasses import replace
from html.parser import HTMLParser

from checker.report.html import html, progress
from checker.verdict import Finding, Verdict, Version

VOID = {"br", "hr"}
VERDICT = Verdict(
    "6.1",
    "A rating",
    "tests",
    "misses",
    "Accepts all 1 correct versions and catches 1 of 2 bugs.",
    (
        Version("subject", "as it is", "accepted"),
        Version("variant", "flushes", "rejected", ("test_a",), "", "Also right.", "E  assert 1 == 2"),
        Version("mutant", "rounds_down", "caught", ("test_rating",)),
        Version("mutant", "counts_everybodys_answers", "missed", hint="Whose `rating` was it?"),
    ),
    (Finding("never_awaited", "`rate(…)` is never awaited.", "test_rating", 4),),
    {"test_rating": ("rounds_down",)},
    isolation="own machine",
)
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>`<b>`\x1b[31m\u202e$x$"


class Elements(HTMLParser):
    """The elements of a fragment, which must be closed in order."""

    def __init__(self, fragment):
        super().__init__()
        self.found, self.open, self.text = [], [], ""
        self.feed(fragment)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data

    def all(self, tag):
        return [attributes for name, attributes in self.found if name == tag]


def hostile():
    return Verdict(
        HOSTILE,
        HOSTILE,
        "tests",
        "misses",
        HOSTILE,
        (Version("mutant", HOSTILE, "missed", (HOSTILE,), HOSTILE, HOSTILE, HOSTILE),),
        (Finding("x", HOSTILE, HOSTILE, 1),),
        {HOSTILE: (HOSTILE,)},
        HOSTILE,
        (HOSTILE,),
        HOSTILE,
    )


def test_whatever_a_learner_writes_stays_text():
    page = Elements(html(hostile()))
    names = {tag for tag, _ in page.found}
    assert not names & {"script", "img", "b", "a", "style", "svg"}
    assert not any(key.startswith("on") for _, attributes in page.found for key in attributes)
    assert "<script>alert(1)</script>" in page.text
    assert "\x1b" not in page.text and "\u202e" not in page.text


def test_no_heading_script_or_id_enters_the_notebook():
    page = Elements(html(VERDICT))
    assert not {tag for tag, _ in page.found} & {"h1", "h2", "h3", "h4", "h5", "h6", "script", "style", "svg"}
    assert not any("id" in attributes for _, attributes in page.found)


def test_a_property_with_a_variable_sets_only_colour():
    for _, attributes in Elements(html(VERDICT)).found:
        for declaration in (attributes.get("style") or "").split(";"):
            name, _, value = declaration.partition(":")
            assert "var(" not in value or name.strip() in ("color", "border-left-color")


def test_no_dollar_sign_starts_a_formula():
    assert Elements(html(VERDICT)).found[0][1]["class"].split() == [
        "assert-await",
        "mathjax_ignore",
        "tex2jax_ignore",
    ]


def test_results_are_words_without_colour():
    page = Elements(html(VERDICT))
    for word in ("PASS", "FAIL", "CAUGHT", "MISSED"):
        assert word in page.text
    assert not any("color" in (attributes.get("style") or "") for attributes in page.all("strong"))


def test_tables_have_headers_with_scope_and_captions():
    page = Elements(html(VERDICT))
    assert page.all("th") and {attributes["scope"] for attributes in page.all("th")} == {"col", "row"}
    assert len(page.all("caption")) == len(page.all("table")) == 3


def test_the_hint_of_a_missed_bug_is_closed_and_an_explanation_is_open():
    page = Elements(html(VERDICT))
    assert [("open" in attributes) for attributes in page.all("details")] == [True, False, False]
    assert page.text.index("E  assert 1 == 2") < page.text.index("Whose rating was it?")


def test_the_kill_matrix_says_for_each_test_and_bug_whether_it_was_caught():
    page = Elements(html(replace(VERDICT, versions=VERDICT.versions[2:])))
    matrix = page.text[page.text.index("Tests and the bugs they caught") :]
    assert matrix.startswith(
        "Tests and the bugs they caughtTestrounds downcounts everybodys answerstest_ratingcaughtno"
    )


def test_backticks_become_code():
    assert "<code>rating</code>" in html(VERDICT)


def test_progress_is_a_bar_and_words():
    page = Elements(progress("6.1", "A rating", "Trying the bugs", 2, 5))
    assert page.all("progress")[0]["value"] == "2" and page.all("progress")[0]["max"] == "5"
    assert "Trying the bugs (2 of 5)" in page.text


def test_the_same_verdict_gives_the_same_page():
    assert html(VERDICT) == html(replace(VERDICT, libraries={"python": "3.13.0"}, engine="fresh"))
