"""The application: its routers, and a lifespan that prepares what they need."""
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from app.api import assessments, invitations, questions, skill_areas, users
from app.database import Base, engine
from app.question_bank import QUESTION_BANK


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Make the tables and load the catalogue; at the end remove it and close the database connections."""
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    app.state.catalogue = {skill_area: len(questions) for skill_area, questions in QUESTION_BANK.items()}
    try:
        yield
    finally:
        del app.state.catalogue
        await engine.dispose()


app = FastAPI(title="Skills assessment", lifespan=lifespan)
app.include_router(users.router, prefix="/api")
app.include_router(assessments.router, prefix="/api")
app.include_router(questions.router, prefix="/api")
app.include_router(skill_areas.router, prefix="/api")
app.include_router(invitations.router, prefix="/api")
