"""Assessments: create, answer, submit."""
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.errors import AssessmentCompleted, NotFound
from app.models import COMPLETED, Assessment, Question, UserAnswer, now
from app.question_bank import questions_for
from app.schemas import AssessmentCreate
from app.services.rating_service import calculate_rating


async def create_assessment(*, user_id: UUID, data: AssessmentCreate, session: AsyncSession) -> Assessment:
    """Store a draft with a copy of every question of its skill areas, numbered from 1."""
    assessment = Assessment(user_id=user_id, title=data.title, skill_areas=data.skill_areas)
    session.add(assessment)
    await session.flush()
    for position, question in enumerate(questions_for(data.skill_areas), start=1):
        session.add(
            Question(
                assessment_id=assessment.id,
                skill_area=question.skill_area,
                text=question.text,
                weight=question.weight,
                position=position,
            )
        )
    await session.commit()
    return assessment


async def get_assessment_questions(assessment_id: UUID, session: AsyncSession) -> list[Question]:
    """The assessment's questions by position; `NotFound` for an unknown assessment."""
    if await session.get(Assessment, assessment_id) is None:
        raise NotFound("assessment", assessment_id)
    questions = await session.scalars(
        select(Question).where(Question.assessment_id == assessment_id).order_by(Question.position)
    )
    return list(questions)


async def submit_answer(*, user_id: UUID, question_id: UUID, value: int, session: AsyncSession) -> UserAnswer:
    """Store this user's answer, 1 to 5, in place of an earlier one.

    ValueError for another value, `NotFound` for an unknown question,
    `AssessmentCompleted` once its assessment was submitted.
    """
    if value not in range(1, 6):
        raise ValueError(f"An answer is a whole number from 1 to 5, not {value!r}")
    question = await session.get(Question, question_id)
    if question is None:
        raise NotFound("question", question_id)
    await _lock_draft(question.assessment_id, session)
    answer = await session.scalar(
        select(UserAnswer).where(UserAnswer.user_id == user_id, UserAnswer.question_id == question_id)
    )
    if answer is None:
        answer = UserAnswer(user_id=user_id, question_id=question_id)
        session.add(answer)
    answer.value = value
    await session.commit()
    return answer


async def submit_assessment(assessment_id: UUID, session: AsyncSession) -> Assessment:
    """Rate the assessment and complete it, both in one commit.

    `NotFound` for an unknown one, `AssessmentCompleted` for the second time, ValueError when its owner
    answered nothing; then it stays a draft without a rating.
    """
    assessment = await _lock_draft(assessment_id, session)
    await calculate_rating(assessment.id, session)
    assessment.status = COMPLETED
    assessment.completed_at = now()
    await session.commit()
    return assessment


async def _lock_draft(assessment_id: UUID, session: AsyncSession) -> Assessment:
    """The assessment as it is in the database now; `NotFound` or `AssessmentCompleted` if it is no draft.

    Everybody else who wants to change it waits until the caller's transaction ends.
    """
    # An update that changes nothing is a lock on both databases: SQLite has no FOR UPDATE.
    await session.execute(
        update(Assessment).where(Assessment.id == assessment_id).values(status=Assessment.status),
        execution_options={"synchronize_session": False},
    )
    # populate_existing: the session may remember it from before somebody else completed it.
    assessment = await session.get(Assessment, assessment_id, populate_existing=True)
    if assessment is None:
        raise NotFound("assessment", assessment_id)
    if assessment.status == COMPLETED:
        raise AssessmentCompleted(assessment_id)
    return assessment
