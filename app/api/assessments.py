"""/api/assessments"""
from uuid import UUID

from fastapi import APIRouter, HTTPException
from sqlalchemy.ext.asyncio import AsyncSession

from app.dependencies import Credentials, Session, current_user
from app.errors import AssessmentCompleted, NotFound
from app.models import Assessment, Question, Rating, User
from app.schemas import AssessmentCreate, AssessmentRead, QuestionRead, RatingRead
from app.services import assessment_service, rating_service

router = APIRouter(prefix="/assessments", tags=["assessments"])


@router.post("", response_model=AssessmentRead, status_code=201)
async def create_assessment(data: AssessmentCreate, credentials: Credentials, session: Session) -> Assessment:
    user = await current_user(credentials, session)
    return await assessment_service.create_assessment(user_id=user.id, data=data, session=session)


@router.get("/{assessment_id}", response_model=AssessmentRead)
async def read_assessment(assessment_id: UUID, credentials: Credentials, session: Session) -> Assessment:
    user = await current_user(credentials, session)
    return await _owned_or_404(assessment_id, user, session)


@router.get("/{assessment_id}/questions", response_model=list[QuestionRead])
async def read_questions(assessment_id: UUID, credentials: Credentials, session: Session) -> list[Question]:
    """Open to every user who knows the id: this is how an invited peer gets the questions."""
    await current_user(credentials, session)
    try:
        return await assessment_service.get_assessment_questions(assessment_id, session)
    except NotFound as error:
        raise HTTPException(404, str(error)) from error


@router.post("/{assessment_id}/submit", response_model=AssessmentRead)
async def submit_assessment(assessment_id: UUID, credentials: Credentials, session: Session) -> Assessment:
    user = await current_user(credentials, session)
    await _owned_or_404(assessment_id, user, session)
    try:
        return await assessment_service.submit_assessment(assessment_id, session)
    except (AssessmentCompleted, ValueError) as error:
        raise HTTPException(409, str(error)) from error


@router.get("/{assessment_id}/rating", response_model=RatingRead)
async def read_rating(assessment_id: UUID, credentials: Credentials, session: Session) -> Rating:
    user = await current_user(credentials, session)
    await _owned_or_404(assessment_id, user, session)
    rating = await rating_service.get_assessment_rating(assessment_id, session)
    if rating is None:
        raise HTTPException(404, f"Assessment {assessment_id} has no rating yet: submit it first")
    return rating


async def _owned_or_404(assessment_id: UUID, user: User, session: AsyncSession) -> Assessment:
    # 404 also for another user's assessment: a 403 would tell a stranger that it exists.
    assessment = await session.get(Assessment, assessment_id)
    if assessment is None or assessment.user_id != user.id:
        raise HTTPException(404, str(NotFound("assessment", assessment_id)))
    return assessment
