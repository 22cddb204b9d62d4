from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import delete, func, select

from app.models import Assessment, User
from app.security import create_access_token

VALID = {"title": "Test", "skill_areas": ["fundamentals"]}


async def count_assessments(sessions) -> int:
    async with sessions() as session:
        return await session.scalar(select(func.count()).select_from(Assessment))


async def test_a_created_assessment_belongs_to_the_sender(client, sessions, user, stranger, auth_headers):
    response = await client.post("/api/assessments", json=VALID, headers=auth_headers)
    assert response.status_code == 201
    body = response.json()
    assert (body["title"], body["skill_areas"], body["status"]) == ("Test", ["fundamentals"], "draft")
    async with sessions() as session:
        stored = await session.scalar(select(Assessment))
        assert (str(stored.id), stored.user_id, stored.title) == (body["id"], user.id, "Test")


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({}, id="no token"),
        pytest.param({"Authorization": "Bearer nonsense"}, id="invalid"),
        pytest.param({"Authorization": "Basic dGVzdDp0ZXN0"}, id="another scheme"),
    ],
)
async def test_without_a_token_nothing_is_created(client, sessions, headers):
    response = await client.post("/api/assessments", json=VALID, headers=headers)
    assert (response.status_code, response.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert await count_assessments(sessions) == 0


@pytest.mark.parametrize(
    "change, field",
    [
        pytest.param({"title": ""}, "title", id="empty title"),
        pytest.param({"title": "x" * 201}, "title", id="title of 201"),
        pytest.param({"title": " "}, "title", id="blank title"),
        pytest.param({"skill_areas": []}, "skill_areas", id="no areas"),
        pytest.param({"skill_areas": ["cooking"]}, "skill_areas", id="unknown area"),
        pytest.param({"skill_areas": ["advanced"] * 2}, "skill_areas", id="area twice"),
    ],
)
@pytest.mark.parametrize("signed_in", [True, False])
async def test_a_bad_body_is_422_with_or_without_a_token(
    client, sessions, auth_headers, signed_in, change, field
):
    headers = auth_headers if signed_in else {}
    response = await client.post("/api/assessments", json=VALID | change, headers=headers)
    assert response.status_code == 422
    assert [error["loc"] for error in response.json()["detail"]] == [["body", field]]
    assert await count_assessments(sessions) == 0


async def test_the_owner_reads_an_assessment(client, user, auth_headers, make_assessment):
    assessment, _ = await make_assessment()
    response = await client.get(f"/api/assessments/{assessment.id}", headers=auth_headers)
    assert response.status_code == 200
    assert (response.json()["id"], response.json()["user_id"]) == (str(assessment.id), str(user.id))


@pytest.mark.parametrize(
    "method, path", [("GET", ""), ("POST", "/submit"), ("GET", "/rating")], ids=["read", "submit", "rating"]
)
async def test_anothers_assessment_looks_like_a_missing_one(
    client, stranger, headers, make_assessment, method, path
):
    assessment, _ = await make_assessment((4, 1))
    for assessment_id in (assessment.id, uuid4()):
        response = await client.request(
            method, f"/api/assessments/{assessment_id}{path}", headers=headers(stranger)
        )
        assert (response.status_code, response.json()) == (
            404, {"detail": f"No assessment has the id {assessment_id}"}
        )


@pytest.mark.parametrize(
    "method, path", [("GET", ""), ("GET", "/questions"), ("POST", "/submit"), ("GET", "/rating")]
)
async def test_everything_about_an_assessment_wants_a_token(client, user, make_assessment, method, path):
    assessment, _ = await make_assessment((4, 1))
    expired = create_access_token(user_id=user.id, expires_in=timedelta(seconds=-1))
    for headers in ({}, {"Authorization": f"Bearer {expired}"}):
        response = await client.request(method, f"/api/assessments/{assessment.id}{path}", headers=headers)
        assert response.status_code == 401


async def test_the_token_of_a_deleted_user_is_401(client, sessions, user, auth_headers):
    async with sessions() as session:
        await session.execute(delete(User).where(User.id == user.id))
        await session.commit()
    response = await client.post("/api/assessments", json=VALID, headers=auth_headers)
    assert (response.status_code, await count_assessments(sessions)) == (401, 0)


async def test_a_peer_reads_the_questions(client, stranger, headers, make_assessment):
    assessment, questions = await make_assessment((4, 1), (None, 3))
    response = await client.get(f"/api/assessments/{assessment.id}/questions", headers=headers(stranger))
    assert response.status_code == 200
    assert response.json() == [
        {
            "id": str(question.id), "skill_area": "fundamentals", "text": question.text,
            "weight": question.weight, "position": question.position,
        }
        for question in questions
    ]


async def test_questions_of_an_unknown_assessment_are_404(client, auth_headers):
    missing = uuid4()
    response = await client.get(f"/api/assessments/{missing}/questions", headers=auth_headers)
    assert (response.status_code, response.json()["detail"]) == (404, f"No assessment has the id {missing}")


async def test_a_draft_has_no_rating(client, auth_headers, make_assessment):
    assessment, _ = await make_assessment((4, 1))
    response = await client.get(f"/api/assessments/{assessment.id}/rating", headers=auth_headers)
    assert response.status_code == 404
    assert "no rating yet" in response.json()["detail"]


async def test_submitting_nothing_is_409(client, auth_headers, make_assessment):
    assessment, _ = await make_assessment((None, 1))
    response = await client.post(f"/api/assessments/{assessment.id}/submit", headers=auth_headers)
    assert (response.status_code, response.json()["detail"]) == (409, "No answers found")


async def test_from_creation_to_the_rating(client, auth_headers):
    created = await client.post(
        "/api/assessments", json={"title": "Flow", "skill_areas": ["strategy"]}, headers=auth_headers
    )
    path = f"/api/assessments/{created.json()['id']}"
    questions = (await client.get(f"{path}/questions", headers=auth_headers)).json()
    for question in questions[1:]:
        answered = await client.put(
            f"/api/questions/{question['id']}/answer", json={"value": 5}, headers=auth_headers
        )
        assert answered.status_code == 200
    submitted = await client.post(f"{path}/submit", headers=auth_headers)
    assert (submitted.status_code, submitted.json()["status"]) == (200, "completed")
    assert (await client.get(path, headers=auth_headers)).json() == submitted.json()
    rating = await client.get(f"{path}/rating", headers=auth_headers)
    assert (rating.status_code, rating.json()) == (
        200,
        {"assessment_id": created.json()["id"], "skill_area": "strategy", "rating": 5.5, "confidence": 0.75},
    )
    again = await client.post(f"{path}/submit", headers=auth_headers)
    assert again.status_code == 409
    late = await client.put(
        f"/api/questions/{questions[0]['id']}/answer", json={"value": 1}, headers=auth_headers
    )
    assert late.status_code == 409
