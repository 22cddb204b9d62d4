"""JUnit XML: a suite an exercise, a case a version; it parses whatever a learner wrote."""

from xml.etree import ElementTree

from checker.report.junit import document
from tests.checker.submissions import ALL, AT_FAULT, DONE, INCOMPLETE, UNREADABLE


def suites(*submissions):
    return ElementTree.fromstring(document(submissions)).findall("testsuite")


def cases(suite):
    return [(case.get("name"), *(child.tag for child in case)) for case in suite]


def test_an_exercise_is_a_suite_and_a_version_a_case():
    [suite] = suites(DONE)
    assert suite.get("name") == "exercise 3.1: Tickets"
    assert cases(suite) == [("answer",), ("subject as it is",), ("mutant late",)]


def test_a_missed_bug_fails_and_an_untried_one_is_skipped():
    _, suite, _ = suites(INCOMPLETE)
    assert cases(suite) == [
        ("answer", "failure"),
        ("mutant late",),
        ("mutant early", "failure"),
        ("mutant never", "skipped"),
    ]
    assert suite[2][0].get("message") == "missed: It survived."
    assert suite[2][0].text == "Look at the first."


def test_counts_are_those_of_the_cases():
    _, suite, _ = suites(INCOMPLETE)
    assert {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped")} == {
        "tests": "4",
        "failures": "2",
        "errors": "0",
        "skipped": "1",
    }


def test_the_notebook_is_a_suite_and_a_cell_a_case():
    *_, suite = suites(INCOMPLETE)
    assert cases(suite) == [
        ("cell 2",),
        ("cell 3", "failure"),
        ("cell 4 (exercise 3.2)", "failure"),
        ("cell 5", "failure"),
        ("cell 6", "skipped"),
        ("deleted cell", "skipped"),
    ]


def test_a_fault_of_the_grader_is_an_error_not_a_failure():
    exercise, notebook = suites(AT_FAULT)
    assert cases(exercise) == [("answer", "error")]
    assert cases(notebook) == [("kernel", "error")]


def test_a_notebook_that_cannot_be_read_fails():
    [suite] = suites(UNREADABLE)
    assert cases(suite) == [("notebook", "failure")]


def test_control_characters_are_replaced():
    text = document(ALL)
    assert not {"\x00", "\x1b", "\ud800"} & set(text)
    assert "\ufffd\ufffd[31m&lt;b&gt;&amp;\ufffd" in text


def test_two_documents_of_the_same_are_the_same():
    assert document(ALL) == document(ALL)
