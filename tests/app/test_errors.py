from uuid import UUID

import pytest

from app.errors import AssessmentCompleted, EmailTaken, NotFound

ID = UUID(int=7)


@pytest.mark.parametrize(
    "error, base, message",
    [
        (NotFound("question", ID), LookupError, f"No question has the id {ID}"),
        (EmailTaken("a@example.com"), ValueError, "a@example.com is taken: sign in, or use another address"),
        (AssessmentCompleted(ID), Exception, f"Assessment {ID} is completed and can no longer change"),
    ],
    ids=["NotFound", "EmailTaken", "AssessmentCompleted"],
)
def test_an_error_says_what_is_wrong(error, base, message):
    assert isinstance(error, base)
    assert str(error) == message


def test_a_completed_assessment_is_no_value_error():
    assert not issubclass(AssessmentCompleted, ValueError)
