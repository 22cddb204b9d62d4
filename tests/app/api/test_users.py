import pytest
from sqlalchemy import select

from app.models import User


async def test_users_are_listed_by_address_without_their_passwords(client, user, stranger):
    response = await client.get("/api/users")
    assert response.status_code == 200
    assert [set(row) for row in response.json()] == [{"id", "email", "created_at"}] * 2
    assert [row["email"] for row in response.json()] == ["stranger@example.com", "test@example.com"]


async def test_nobody_is_an_empty_list(client):
    response = await client.get("/api/users")
    assert (response.status_code, response.json()) == (200, [])


async def test_a_new_user_is_stored_and_welcomed(client, sessions, sent_email):
    response = await client.post("/api/users", json={"email": " New@example.com"})
    assert (response.status_code, response.json()["email"]) == (201, "new@example.com")
    async with sessions() as session:
        assert (await session.scalars(select(User.email))).all() == ["new@example.com"]
    sent_email.assert_awaited_once_with("new@example.com", "Welcome!")


async def test_a_taken_address_is_409(client, user):
    response = await client.post("/api/users", json={"email": user.email})
    assert (response.status_code, response.json()["detail"]) == (
        409, "test@example.com is taken: sign in, or use another address"
    )


@pytest.mark.parametrize(
    "body", [{}, {"email": "nonsense"}, {"email": None}], ids=["missing", "no address", "null"]
)
async def test_a_body_without_an_address_is_422(client, body):
    response = await client.post("/api/users", json=body)
    assert response.status_code == 422
    assert [error["loc"] for error in response.json()["detail"]] == [["body", "email"]]
