"""The fixtures of the application's tests, for SQLite and, when DATABASE_URL names one, for PostgreSQL.

The tables are made once a run. Each test gets one connection with an outer transaction that is rolled back
after it; every session of the test and of the application joins it through a savepoint,
so that the code under test may commit.
"""
import os
from collections.abc import AsyncIterator, Callable, Iterator
from unittest.mock import AsyncMock, patch
from uuid import uuid4

import pytest
import pytest_asyncio
from httpx2 import ASGITransport, AsyncClient
from sqlalchemy import NullPool
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, async_sessionmaker
from sqlalchemy.schema import CreateSchema, DropSchema

import app.main
from app.database import Base, get_session, make_engine
from app.models import Assessment, Question, User, UserAnswer
from app.security import create_access_token

MakeEngine = Callable[[], AsyncEngine]
Sessions = async_sessionmaker[AsyncSession]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def new_engine(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[MakeEngine]:
    """Makes engines for a database with empty tables: a file, or a schema of its own on PostgreSQL.

    It gives no engine: a connection belongs to the loop that opened it, and every test has its own loop.
    """
    url = os.environ.get("DATABASE_URL", "")
    if url.startswith("postgresql"):
        schema = f"test_{uuid4().hex}"
        in_schema = {"server_settings": {"search_path": schema}}
        outside = make_engine(url, poolclass=NullPool)
        async with outside.begin() as connection:
            await connection.execute(CreateSchema(schema))

        def new_engine() -> AsyncEngine:
            return make_engine(url, poolclass=NullPool, connect_args=in_schema)
    else:
        file = tmp_path_factory.mktemp("database") / "app.db"

        def new_engine() -> AsyncEngine:
            return make_engine(f"sqlite+aiosqlite:///{file}", poolclass=NullPool)

    async with new_engine().begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    yield new_engine
    if url.startswith("postgresql"):
        async with outside.begin() as connection:
            await connection.execute(DropSchema(schema, cascade=True))


@pytest.fixture
async def engine(new_engine: MakeEngine) -> AsyncIterator[AsyncEngine]:
    engine = new_engine()
    yield engine
    await engine.dispose()


@pytest.fixture
async def connection(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    async with engine.connect() as connection:
        transaction = await connection.begin()
        if engine.dialect.name == "sqlite":
            # Python's sqlite3 sends no BEGIN before a SAVEPOINT; without it the first release commits.
            await connection.exec_driver_sql("BEGIN")
        yield connection
        await transaction.rollback()


@pytest.fixture
def sessions(connection: AsyncConnection) -> Sessions:
    """Makes sessions that live in the test's transaction; each new one sees what others committed."""
    return async_sessionmaker(
        connection, expire_on_commit=False, join_transaction_mode="create_savepoint"
    )


@pytest.fixture
async def session(sessions: Sessions) -> AsyncIterator[AsyncSession]:
    async with sessions() as session:
        yield session


@pytest.fixture
async def client(
    engine: AsyncEngine, sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[AsyncClient]:
    """Talks to the application inside its lifespan. Every request has a session of its own:
    shared with the test, it would hide a missing commit."""

    async def session_of_the_test() -> AsyncIterator[AsyncSession]:
        async with sessions() as session:
            yield session

    monkeypatch.setattr(app.main, "engine", engine)
    application = app.main.app
    application.dependency_overrides[get_session] = session_of_the_test
    try:
        async with application.router.lifespan_context(application):
            async with AsyncClient(
                transport=ASGITransport(app=application), base_url="http://test"
            ) as client:
                yield client
    finally:
        application.dependency_overrides.clear()


@pytest.fixture(autouse=True)
def no_mail_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test writes to anybody, whatever the environment says."""
    monkeypatch.delenv("SMTP_HOST", raising=False)


@pytest.fixture
def sent_email() -> Iterator[AsyncMock]:
    """Stands where `user_service` calls `send_email`."""
    with patch("app.services.user_service.send_email", autospec=True) as send_email:
        yield send_email


async def store(sessions: Sessions, *rows: Base) -> None:
    async with sessions() as session:
        session.add_all(rows)
        await session.commit()


@pytest.fixture
async def user(sessions: Sessions) -> User:
    user = User(email="test@example.com", hashed_password="...")
    await store(sessions, user)
    return user


@pytest.fixture
async def stranger(sessions: Sessions) -> User:
    stranger = User(email="stranger@example.com", hashed_password="...")
    await store(sessions, stranger)
    return stranger


@pytest.fixture
def headers() -> Callable[[User], dict[str, str]]:
    """The headers with which this user signs a request."""

    def headers(user: User) -> dict[str, str]:
        return {"Authorization": f"Bearer {create_access_token(user_id=user.id)}"}

    return headers


@pytest.fixture
def auth_headers(user: User, headers: Callable[[User], dict[str, str]]) -> dict[str, str]:
    return headers(user)


@pytest.fixture
def make_assessment(sessions: Sessions, user: User):
    """Stores an assessment with one question a weight, answered by its owner where a value is given.

    `await make_assessment((4, 1), (None, 3))`: the weight-1 question is answered 4, the other not at all.
    """

    async def make_assessment(
        *answers: tuple[int | None, int], owner: User = user, **fields: object
    ) -> tuple[Assessment, list[Question]]:
        assessment = Assessment(id=uuid4(), user_id=owner.id, title="Test", **fields)
        questions = [
            Question(
                id=uuid4(),
                assessment_id=assessment.id,
                skill_area="fundamentals",
                text=f"Question {position}",
                weight=weight,
                position=position,
            )
            for position, (_, weight) in enumerate(answers, start=1)
        ]
        given = [
            UserAnswer(user_id=owner.id, question_id=question.id, value=value)
            for question, (value, _) in zip(questions, answers, strict=True)
            if value is not None
        ]
        await store(sessions, assessment, *questions, *given)
        return assessment, questions

    return make_assessment
