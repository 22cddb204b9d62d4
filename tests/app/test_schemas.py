import pytest
from pydantic import ValidationError

from app.question_bank import SKILL_AREAS
from app.schemas import AssessmentCreate, UserCreate, UserRead

VALID = {"title": "Test", "skill_areas": ["fundamentals"]}


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({}, id="as it is"),
        pytest.param({"title": "x"}, id="shortest title"),
        pytest.param({"title": "x" * 200}, id="longest title"),
        pytest.param({"skill_areas": list(SKILL_AREAS)}, id="all areas"),
    ],
)
def test_a_valid_assessment_is_taken_as_it_is(change):
    assert AssessmentCreate(**VALID | change).model_dump() == VALID | change


@pytest.mark.parametrize(
    "change, field, kind",
    [
        pytest.param({"title": ""}, "title", "string_too_short", id="empty title"),
        pytest.param({"title": "x" * 201}, "title", "string_too_long", id="title of 201"),
        pytest.param({"title": " \t"}, "title", "value_error", id="blank title"),
        pytest.param({"skill_areas": []}, "skill_areas", "too_short", id="no areas"),
        pytest.param({"skill_areas": ["cooking"]}, "skill_areas", "value_error", id="unknown area"),
        pytest.param({"skill_areas": ["advanced"] * 2}, "skill_areas", "value_error", id="area twice"),
    ],
)
def test_one_broken_rule_gives_one_error(change, field, kind):
    with pytest.raises(ValidationError) as raised:
        AssessmentCreate(**VALID | change)
    assert [(error["loc"], error["type"]) for error in raised.value.errors()] == [((field,), kind)]


@pytest.mark.parametrize("field", VALID)
def test_both_fields_are_required(field):
    with pytest.raises(ValidationError) as raised:
        AssessmentCreate(**{name: value for name, value in VALID.items() if name != field})
    assert [(error["loc"], error["type"]) for error in raised.value.errors()] == [((field,), "missing")]


def test_the_message_names_the_known_areas():
    with pytest.raises(ValidationError, match="'cooking': choose from fundamentals, advanced, strategy"):
        AssessmentCreate(title="Test", skill_areas=["cooking"])


@pytest.mark.parametrize(
    "email", ["", "test", "@example.com", "test@", "a@b@c", "a b@example.com", "x" * 318 + "@ab"]
)
def test_what_is_no_address_is_refused(email):
    with pytest.raises(ValidationError) as raised:
        UserCreate(email=email)
    assert [error["loc"] for error in raised.value.errors()] == [("email",)]


@pytest.mark.parametrize("email", ["test@example.com", " test@example.com\n", "x" * 317 + "@ab"])
def test_an_address_is_taken(email):
    assert UserCreate(email=email).email == email


def test_a_client_never_sees_a_password():
    assert set(UserRead.model_fields) == {"id", "email", "created_at"}
