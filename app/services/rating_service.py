"""How answers become a rating.

Only answers of the assessment's owner count; peers may answer too, but do not change the rating.

    mean       = sum(value * weight) / sum(weight)       over the answered questions
    bonus      = 0.25 for every weight-3 question answered 5
    malus      = 0.25 for every weight-3 question answered 1
    rating     = mean + bonus - malus, at least 1.0 and at most 5.5
    confidence = answered questions / questions of the assessment

Both are rounded to 2 decimals, halves up, and computed in decimals: 3.125 becomes 3.13, where
`round(3.125, 2)` is 3.12.

    answers (value, weight)              rating   confidence with 4 questions
    (4, 1) (4, 1) (4, 2) (4, 3)          4.00     1.00
    (2, 1) (5, 3)                        4.50     0.50   mean 4.25, bonus 0.25
    (1, 3)                               1.00     0.25   mean 1.00, malus 0.25, not below 1.0
    (5, 2) (5, 3) (5, 3) (5, 3)          5.50     1.00   mean 5.00, bonus 0.75, not above 5.5
    none                                 ValueError("No answers found")
"""
from decimal import ROUND_HALF_UP, Decimal
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.errors import NotFound
from app.models import COMPLETED, Assessment, Question, Rating, UserAnswer
from app.question_bank import SKILL_AREAS

LOWEST_RATING = Decimal("1.0")
HIGHEST_RATING = Decimal("5.5")
STEP = Decimal("0.25")


def rate(answers: list[tuple[int, int]]) -> float:
    """The rating of pairs (value 1 to 5, weight 1 to 3); ValueError when there is none."""
    if not answers:
        raise ValueError("No answers found")
    rating = Decimal(sum(value * weight for value, weight in answers)) / sum(weight for _, weight in answers)
    for value, weight in answers:
        if weight == 3 and value == 5:
            rating += STEP
        if weight == 3 and value == 1:
            rating -= STEP
    rating = max(rating, LOWEST_RATING)
    rating = min(rating, HIGHEST_RATING)
    return _two_decimals(rating)


async def calculate_rating(assessment_id: UUID, session: AsyncSession) -> Rating:
    """Rate the assessment and flush the rating, in place of an earlier one; the caller commits.

    `NotFound` for an unknown assessment, ValueError("No answers found") when its owner answered nothing.
    """
    assessment = await session.get(Assessment, assessment_id)
    if assessment is None:
        raise NotFound("assessment", assessment_id)
    answers = await _owners_answers(assessment, session)
    value = rate(answers)
    confidence = _two_decimals(Decimal(len(answers)) / await _count_questions(assessment, session))
    rating = await get_assessment_rating(assessment_id, session)
    if rating is None:
        rating = Rating(assessment_id=assessment_id)
        session.add(rating)
    rating.skill_area = assessment.skill_areas[0]
    rating.rating = value
    rating.confidence = confidence
    await session.flush()
    return rating


async def get_assessment_rating(assessment_id: UUID, session: AsyncSession) -> Rating | None:
    """The stored rating of the assessment, or None while there is none."""
    return await session.scalar(select(Rating).where(Rating.assessment_id == assessment_id))


async def calculate_rating_for_area(skill_area: str, session: AsyncSession) -> float:
    """The mean rating, to 2 decimals, of the completed assessments filed under the area.

    1.0 while there is none; ValueError for an unknown area.
    """
    if skill_area not in SKILL_AREAS:
        raise ValueError(f"Unknown skill area {skill_area!r}: choose from {', '.join(SKILL_AREAS)}")
    ratings = await session.scalars(
        select(Rating.rating)
        .join(Assessment, Assessment.id == Rating.assessment_id)
        .where(Rating.skill_area == skill_area)
        .where(Assessment.status == COMPLETED)
    )
    decimals = [Decimal(str(rating)) for rating in ratings]
    if not decimals:
        return float(LOWEST_RATING)
    return _two_decimals(sum(decimals) / len(decimals))


async def _owners_answers(assessment: Assessment, session: AsyncSession) -> list[tuple[int, int]]:
    rows = await session.execute(
        select(UserAnswer.value, Question.weight)
        .join(Question, Question.id == UserAnswer.question_id)
        .where(Question.assessment_id == assessment.id)
        .where(UserAnswer.user_id == assessment.user_id)
    )
    return [(value, weight) for value, weight in rows]


async def _count_questions(assessment: Assessment, session: AsyncSession) -> int:
    return await session.scalar(
        select(func.count()).select_from(Question).where(Question.assessment_id == assessment.id)
    )


def _two_decimals(number: Decimal) -> float:
    return float(number.quantize(Decimal("0.01"), ROUND_HALF_UP))
