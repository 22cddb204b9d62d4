"""Two calls at the same time, on PostgreSQL: SQLite locks the whole database, so there is nothing to see."""
import asyncio
import os
from contextlib import closing

import pytest
from sqlalchemy import NullPool, delete, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.database import Base, make_engine
from app.models import Assessment, User
from app.services.cohort_service import delete_assessments
from checker.engine.databases import POSTGRESQL, Databases

pytestmark = pytest.mark.postgres
WAITING = text("SELECT count(*) FROM pg_locks WHERE NOT granted")


@pytest.fixture
def url():
    if os.environ.get("DATABASE_URL", "").startswith(POSTGRESQL):
        yield os.environ["DATABASE_URL"]
        return
    with closing(Databases()) as databases:
        yield databases.open(1)[0].full_url


@pytest.fixture
async def engine(url):
    engine = make_engine(url, poolclass=NullPool)
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    yield engine
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.drop_all)


async def test_deleting_in_opposite_orders_is_no_deadlock(engine):
    user = User(email="ada@example.com", hashed_password="!")
    assessments = [Assessment(user=user, title=title) for title in ("one", "other")]
    async with AsyncSession(engine, expire_on_commit=False) as session:
        session.add_all(assessments)
        await session.commit()
    low, high = sorted(assessment.id for assessment in assessments)
    async with AsyncSession(engine) as mine, AsyncSession(engine) as theirs, engine.connect() as stranger:
        await mine.execute(delete(Assessment).where(Assessment.id == low))
        other = asyncio.create_task(delete_assessments([high, low], theirs))
        async with asyncio.timeout(10):
            while not await stranger.scalar(WAITING):
                await stranger.rollback()
        await mine.execute(delete(Assessment).where(Assessment.id == high))
        await mine.commit()
        assert await other == 0
