import runpy
from uuid import uuid4

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

import app.database
from app.database import async_session, get_session
from app.models import Assessment, User


async def test_a_row_of_an_unknown_user_is_refused(session):
    session.add(Assessment(user_id=uuid4(), title="Test"))
    with pytest.raises(IntegrityError):
        await session.commit()


async def test_an_object_stays_readable_after_a_commit():
    assert async_session.kw["expire_on_commit"] is False


async def test_the_dependency_closes_its_session():
    dependency = get_session()
    session = await anext(dependency)
    session.add(User(email="new@example.com", hashed_password="..."))
    with pytest.raises(StopAsyncIteration):
        await anext(dependency)
    assert list(session) == []


async def test_the_test_transaction_leaves_nothing_behind(sessions, engine):
    async with sessions() as session:
        session.add(User(email="new@example.com", hashed_password="..."))
        await session.commit()
        assert await session.scalar(select(func.count()).select_from(User)) == 1
    async with engine.connect() as stranger:
        assert await stranger.scalar(select(func.count()).select_from(User)) == 0


def test_the_database_is_a_file_unless_the_environment_names_one(monkeypatch):
    monkeypatch.delenv("DATABASE_URL", raising=False)
    fresh = runpy.run_path(app.database.__file__)
    assert str(fresh["engine"].url) == "sqlite+aiosqlite:///assert_await.db"


def test_the_environment_names_the_database(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "sqlite+aiosqlite:///other.db")
    fresh = runpy.run_path(app.database.__file__)
    assert str(fresh["engine"].url) == "sqlite+aiosqlite:///other.db"
