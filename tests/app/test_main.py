import pytest
from httpx2 import ASGITransport, AsyncClient
from sqlalchemy import inspect

import app.main
from app.database import make_engine


@pytest.fixture
async def empty_engine(tmp_path, monkeypatch):
    engine = make_engine(f"sqlite+aiosqlite:///{tmp_path / 'empty.db'}")
    monkeypatch.setattr(app.main, "engine", engine)
    yield engine
    await engine.dispose()


async def test_the_lifespan_makes_the_tables(empty_engine):
    async with app.main.app.router.lifespan_context(app.main.app):
        async with empty_engine.connect() as connection:
            tables = await connection.run_sync(lambda sync: inspect(sync).get_table_names())
    assert set(tables) == {"users", "assessments", "questions", "user_answers", "ratings", "invitations"}


async def test_the_lifespan_removes_the_catalogue_and_closes_the_connections(empty_engine):
    pool = empty_engine.pool
    async with app.main.app.router.lifespan_context(app.main.app):
        assert list(app.main.app.state.catalogue) == ["fundamentals", "advanced", "strategy"]
        assert pool.checkedin() == 1
    assert not hasattr(app.main.app.state, "catalogue")
    assert pool.checkedin() == 0


async def test_the_lifespan_cleans_up_after_an_error(empty_engine):
    with pytest.raises(RuntimeError, match="in the middle"):
        async with app.main.app.router.lifespan_context(app.main.app):
            raise RuntimeError("in the middle")
    assert not hasattr(app.main.app.state, "catalogue")


async def test_without_the_lifespan_the_catalogue_is_missed_loudly():
    async with AsyncClient(transport=ASGITransport(app=app.main.app), base_url="http://test") as client:
        with pytest.raises(AttributeError, match="catalogue"):
            await client.get("/api/skill-areas")
