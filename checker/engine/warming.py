"""What the warm process runs once before its first fork: a bit of everything that a trial is likely to use."""

import asyncio
from unittest.mock import AsyncMock, MagicMock, call, create_autospec, patch

import jwt
import pytest
import pytest_asyncio
from fastapi import APIRouter, Depends, FastAPI, HTTPException, Request, status
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from httpx2 import ASGITransport, AsyncClient
from pydantic import BaseModel, Field, field_validator
from sqlalchemy import JSON, ForeignKey, String, Uuid, event, func, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship, selectinload


class Base(DeclarativeBase):
    pass


class Thing(Base):
    __tablename__ = "things"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(20), unique=True)


class Body(BaseModel):
    name: str = Field(min_length=1)

    @field_validator("name")
    @classmethod
    def _name(cls, value):
        return value


app = FastAPI()


@app.post("/things", status_code=201)
async def post(body: Body) -> Body:
    return body


@pytest.fixture
async def session(tmp_path):
    engine = create_async_engine(f"sqlite+aiosqlite:///{tmp_path}/w.db")
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    async with async_sessionmaker(engine, expire_on_commit=False)() as session:
        yield session
    await engine.dispose()


@pytest.mark.parametrize("name", ["a", "b"])
async def test_database(session, name):
    session.add(Thing(name=name))
    await session.commit()
    assert (await session.scalars(select(Thing))).one().name == name
    session.add(Thing(name=name))
    with pytest.raises(IntegrityError):
        await session.flush()
    await session.rollback()


async def test_http():
    async with AsyncClient(transport=ASGITransport(app=app), base_url="http://test") as client:
        assert (await client.post("/things", json={"name": "x"})).status_code == 201
        assert (await client.post("/things", json={"name": ""})).status_code == 422


async def test_mock():
    mock = AsyncMock(return_value=1)
    assert await mock(2) == 1
    mock.assert_awaited_once_with(2)
    token = jwt.encode({"sub": "x"}, "k" * 32, algorithm="HS256")
    assert jwt.decode(token, "k" * 32, algorithms=["HS256"])["sub"] == "x"


def test_failure():
    assert [1, 2] == [1, 3]
