from unittest.mock import patch
from uuid import uuid4

import pytest
from fastapi import HTTPException
from sqlalchemy import select

from app.errors import EmailTaken
from app.models import User, UserAnswer
from app.schemas import AssessmentCreate
from app.services.assessment_service import create_assessment, get_assessment_questions, submit_answer
from app.services.user_service import create_user, get_user_or_404


@pytest.fixture
def send_email():
    with patch("app.services.user_service.send_email", autospec=True) as send_email:
        yield send_email


@pytest.fixture
async def ada(session):
    ada = User(email="ada@example.com", hashed_password="!")
    session.add(ada)
    await session.commit()
    return ada


@pytest.fixture
async def draft(ada, session):
    data = AssessmentCreate(title="First", skill_areas=["fundamentals"])
    return await create_assessment(user_id=ada.id, data=data, session=session)


async def test_who_signs_up_gets_one_welcome(session, send_email):
    user = await create_user(email=" Ada@example.com", session=session)
    send_email.assert_awaited_once_with(user.email, "Welcome!")


async def test_a_taken_address_stores_and_sends_nothing(ada, session, send_email):
    with pytest.raises(EmailTaken):
        await create_user(email="ada@example.com", session=session)
    assert send_email.await_count == 0
    assert len(list(await session.scalars(select(User)))) == 1


async def test_an_unknown_user_is_not_found(session):
    with pytest.raises(HTTPException) as caught:
        await get_user_or_404(uuid4(), session)
    assert caught.value.status_code == 404


async def test_the_client_gets_all_users_in_order(client, session):
    for name in ("cleo", "ada", "bob"):
        session.add(User(email=f"{name}@example.com", hashed_password="!"))
    await session.commit()
    response = await client.get("/api/users")
    assert response.status_code == 200
    assert [user["email"][0] for user in response.json()] == ["a", "b", "c"]


async def test_questions_are_numbered_from_1(draft, session):
    questions = await get_assessment_questions(draft.id, session)
    assert [question.position for question in questions] == list(range(1, len(questions) + 1))


async def test_the_last_answer_counts(ada, draft, session):
    question, *_ = await get_assessment_questions(draft.id, session)
    for value in (2, 5):
        await submit_answer(user_id=ada.id, question_id=question.id, value=value, session=session)
    assert list(await session.scalars(select(UserAnswer.value))) == [5]
