"""The engine, the session maker, and the session that one request gets."""
import os
from collections.abc import AsyncIterator
from typing import Any

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase

DATABASE_URL = os.environ.get("DATABASE_URL", "sqlite+aiosqlite:///assert_await.db")


class Base(DeclarativeBase):
    """The base of every model; `Base.metadata` knows all tables once `app.models` is imported."""


def make_engine(url: str, **options: Any) -> AsyncEngine:
    """An engine for `url` that enforces foreign keys; `options` go to `create_async_engine`.

    PostgreSQL always enforces them. SQLite does so only when each new connection asks,
    and an answer to a question that does not exist must be refused on both.
    """
    engine = create_async_engine(url, **options)
    if engine.dialect.name == "sqlite":
        event.listen(engine.sync_engine, "connect", _enforce_foreign_keys)
    return engine


def _enforce_foreign_keys(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


engine = make_engine(DATABASE_URL)

# expire_on_commit=False: an object stays readable after a commit. Expired, its next attribute would
# need a query, and an attribute cannot be awaited (MissingGreenlet).
async_session = async_sessionmaker(engine, expire_on_commit=False)


async def get_session() -> AsyncIterator[AsyncSession]:
    """FastAPI dependency: one session a request. What was not committed by its end is rolled back."""
    async with async_session() as session:
        yield session
