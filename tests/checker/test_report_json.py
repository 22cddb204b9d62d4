"""What `--json` writes obeys the published schema, whatever a learner wrote."""

import json

import jsonschema
import pytest

from checker.report.json import SCHEMA, document, schema
from tests.checker.submissions import ALL, AT_FAULT, DONE, INCOMPLETE, NASTY, UNREADABLE


def parsed(submissions):
    return json.loads(document(submissions))


def test_the_schema_is_a_schema():
    jsonschema.Draft202012Validator.check_schema(schema())


@pytest.mark.parametrize("submissions", [[], [DONE], [INCOMPLETE], [UNREADABLE], [AT_FAULT], ALL])
def test_every_document_obeys_the_schema(submissions):
    jsonschema.Draft202012Validator(schema()).validate(parsed(submissions))


def objects(node):
    children = node.values() if isinstance(node, dict) else node if isinstance(node, list) else []
    if isinstance(node, dict) and node.get("type") == "object":
        yield node
    for child in children:
        yield from objects(child)


def test_the_schema_closes_every_object():
    found = list(objects(schema()))
    assert len(found) == 9
    assert all(node["additionalProperties"] is False or "properties" not in node for node in found)


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (lambda it: it.update(extra=1), "'extra' was unexpected"),
        (lambda it: it.update(schema="assert-await/verdict/2"), "was expected"),
        (lambda it: it["submissions"][0]["exercises"][0].update(verdict="fine"), "is not one of"),
        (lambda it: it["submissions"][0].pop("notebook"), "is a required property"),
        (lambda it: it["submissions"][0]["exercises"][0]["versions"][0].update(tests=1), "is not of type"),
    ],
)
def test_the_schema_refuses_what_is_not_in_it(change, place):
    content = parsed([INCOMPLETE])
    change(content)
    with pytest.raises(jsonschema.ValidationError, match=place):
        jsonschema.validate(content, schema())


def test_a_document_names_its_schema_and_the_gravest_exit_code():
    content = parsed(ALL)
    assert content["schema"] == SCHEMA == "assert-await/verdict/1"
    assert content["exit_code"] == 3
    assert [one["exit_code"] for one in content["submissions"]] == [0, 1, 1, 3]


def test_a_document_says_which_test_caught_which_bug():
    [exercise] = parsed([DONE])["submissions"][0]["exercises"]
    assert exercise["matrix"] == {"test_a": ["late"]}
    assert exercise["cell"] == 4


def test_a_document_is_plain_ascii_that_no_terminal_obeys():
    text = document(ALL)
    assert text.isascii()
    assert all(character.isprintable() or character == "\n" for character in text)
    assert json.loads(text)["submissions"][2]["problem"] == f"{NASTY}: is not a notebook"
