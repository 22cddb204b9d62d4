"""/api/skill-areas"""
from fastapi import APIRouter, Request

router = APIRouter(prefix="/skill-areas", tags=["skill areas"])


@router.get("")
async def list_skill_areas(request: Request) -> dict[str, int]:
    """How many questions each skill area has. The catalogue is loaded by the application's lifespan."""
    return request.app.state.catalogue
