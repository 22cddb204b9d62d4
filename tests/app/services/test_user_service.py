from unittest.mock import AsyncMock
from uuid import uuid4

import pytest
from fastapi import HTTPException
from sqlalchemy import func, select

from app.errors import EmailTaken
from app.models import User
from app.services.user_service import create_user, get_user_or_404, list_users


async def count_users(session) -> int:
    return await session.scalar(select(func.count()).select_from(User))


async def test_a_new_user_is_stored(session, sessions):
    user = await create_user(email="new@example.com", session=session)
    async with sessions() as other:
        assert (await other.get(User, user.id)).email == "new@example.com"


async def test_an_address_is_stripped_and_lowered(session):
    assert (await create_user(email=" New@Example.COM\n", session=session)).email == "new@example.com"


async def test_a_new_user_is_welcomed_once(session, sent_email: AsyncMock):
    await create_user(email="New@example.com", session=session)
    sent_email.assert_awaited_once_with("new@example.com", "Welcome!")


async def test_the_welcome_goes_out_after_the_commit(session, sessions, sent_email: AsyncMock):
    stored = []

    async def look(to, subject):
        async with sessions() as stranger:
            stored.append(await count_users(stranger))
        assert not session.in_transaction()

    sent_email.side_effect = look
    await create_user(email="new@example.com", session=session)
    assert stored == [1]


@pytest.mark.parametrize("email", ["test@example.com", " TEST@example.com"])
async def test_a_taken_address_is_refused(session, user, email):
    with pytest.raises(EmailTaken, match="^test@example.com is taken"):
        await create_user(email=email, session=session)


async def test_a_taken_address_leaves_no_trace(session, sessions, user, sent_email: AsyncMock):
    with pytest.raises(EmailTaken):
        await create_user(email=user.email, session=session)
    sent_email.assert_not_called()
    assert await count_users(session) == 1
    other = await create_user(email="other@example.com", session=session)
    assert [found.id for found in await list_users(session)] == [other.id, user.id]


async def test_a_user_stays_when_the_welcome_fails(session, sent_email: AsyncMock):
    sent_email.side_effect = OSError("no route")
    with pytest.raises(OSError, match="no route"):
        await create_user(email="new@example.com", session=session)
    await session.rollback()
    assert await count_users(session) == 1


async def test_a_user_is_found_by_id(session, user, stranger):
    assert (await get_user_or_404(user.id, session)).email == user.email


async def test_a_missing_user_is_404_with_the_id(session, user):
    missing = uuid4()
    with pytest.raises(HTTPException) as raised:
        await get_user_or_404(missing, session)
    assert (raised.value.status_code, raised.value.detail) == (404, f"No user has the id {missing}")


async def test_users_are_listed_by_address(session):
    for name in ("b", "c", "a"):
        await create_user(email=f"{name}@example.com", session=session)
    listed = [user.email for user in await list_users(session)]
    assert listed == ["a@example.com", "b@example.com", "c@example.com"]


async def test_nobody_is_an_empty_list(session):
    assert await list_users(session) == []
