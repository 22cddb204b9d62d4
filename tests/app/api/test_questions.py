from uuid import uuid4

import pytest
from sqlalchemy import select

from app.models import UserAnswer


async def test_an_answer_is_stored_for_the_sender(client, sessions, stranger, headers, make_assessment):
    _, [question] = await make_assessment((None, 1))
    response = await client.put(
        f"/api/questions/{question.id}/answer", json={"value": 4}, headers=headers(stranger)
    )
    assert (response.status_code, response.json()) == (200, {"question_id": str(question.id), "value": 4})
    async with sessions() as session:
        stored = (await session.execute(select(UserAnswer.user_id, UserAnswer.value))).all()
    assert stored == [(stranger.id, 4)]


async def test_an_answer_wants_a_token(client, make_assessment):
    _, [question] = await make_assessment((None, 1))
    response = await client.put(f"/api/questions/{question.id}/answer", json={"value": 4})
    assert response.status_code == 401


async def test_an_unknown_question_is_404(client, auth_headers):
    missing = uuid4()
    response = await client.put(f"/api/questions/{missing}/answer", json={"value": 4}, headers=auth_headers)
    assert (response.status_code, response.json()["detail"]) == (404, f"No question has the id {missing}")


@pytest.mark.parametrize("value", [0, 6, 2.5, "high", None, 10**30])
async def test_a_value_that_is_none_is_422(client, sessions, auth_headers, make_assessment, value):
    _, [question] = await make_assessment((None, 1))
    response = await client.put(
        f"/api/questions/{question.id}/answer", json={"value": value}, headers=auth_headers
    )
    assert response.status_code == 422
    async with sessions() as session:
        assert (await session.scalars(select(UserAnswer))).all() == []
