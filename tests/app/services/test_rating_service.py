from uuid import uuid4

import pytest
from sqlalchemy import func, select

from app.errors import NotFound
from app.models import Rating, UserAnswer
from app.services.rating_service import (
    calculate_rating,
    calculate_rating_for_area,
    get_assessment_rating,
    rate,
)


@pytest.mark.parametrize(
    "answers, rating",
    [
        pytest.param([(4, 1), (4, 1), (4, 2), (4, 3)], 4.0, id="all equal"),
        pytest.param([(2, 1), (4, 3)], 3.5, id="weighted mean, not mean"),
        pytest.param([(2, 1), (5, 3)], 4.5, id="bonus"),
        pytest.param([(5, 1), (1, 3)], 1.75, id="malus"),
        pytest.param([(5, 3), (1, 3)], 3.0, id="bonus and malus"),
        pytest.param([(5, 2), (1, 2)], 3.0, id="neither below weight 3"),
        pytest.param([(4, 3), (2, 3)], 3.0, id="neither for 4 and 2"),
        pytest.param([(5, 3), (5, 3)], 5.5, id="highest without clamp"),
        pytest.param([(5, 3), (5, 3), (5, 3)], 5.5, id="not above 5.5"),
        pytest.param([(1, 1)], 1.0, id="lowest without clamp"),
        pytest.param([(1, 3)], 1.0, id="not below 1.0"),
        pytest.param([(3, 1), (3, 1), (4, 1)], 3.33, id="rounded down"),
        pytest.param([(3, 1), (4, 2)], 3.67, id="rounded up"),
        pytest.param([(4, 2), (2, 3), (3, 3)], 2.88, id="half up to even"),
        pytest.param([(2, 2), (4, 3), (3, 3)], 3.13, id="half up to odd"),
        pytest.param([(2, 2), (2, 3), (3, 3)], 2.38, id="half up once more"),
    ],
)
def test_the_formula(answers, rating):
    assert rate(answers) == rating


@pytest.mark.parametrize(
    "answers, rating, confidence",
    [
        pytest.param([(4, 1), (4, 1), (4, 2), (4, 3)], 4.0, 1.0, id="all answered"),
        pytest.param([(2, 1), (5, 3), (None, 1), (None, 2)], 4.5, 0.5, id="half answered"),
        pytest.param([(3, 2)] + [(None, 1)] * 7, 3.0, 0.13, id="confidence rounded half up"),
        pytest.param([(3, 1), (None, 1), (None, 1)], 3.0, 0.33, id="confidence rounded down"),
    ],
)
async def test_a_rating_is_stored(session, make_assessment, answers, rating, confidence):
    assessment, _ = await make_assessment(*answers, skill_areas=["advanced", "strategy"])
    returned = await calculate_rating(assessment.id, session)
    stored = (await session.execute(select(Rating.rating, Rating.confidence, Rating.skill_area))).all()
    assert stored == [(rating, confidence, "advanced")]
    assert (returned.rating, returned.confidence, returned.skill_area) == stored[0]


async def test_only_the_owners_answers_count(session, stranger, make_assessment):
    assessment, questions = await make_assessment((4, 1), (2, 1), (None, 1), (None, 1))
    session.add_all(
        UserAnswer(user_id=stranger.id, question_id=question.id, value=5) for question in questions
    )
    await session.commit()
    rating = await calculate_rating(assessment.id, session)
    assert (rating.rating, rating.confidence) == (3.0, 0.5)


async def test_only_this_assessments_answers_count(session, make_assessment):
    assessment, _ = await make_assessment((4, 1), (None, 1))
    await make_assessment((1, 3), (1, 3))
    rating = await calculate_rating(assessment.id, session)
    assert (rating.rating, rating.confidence) == (4.0, 0.5)


async def test_a_second_calculation_replaces_the_first(session, user, make_assessment):
    assessment, [_, question] = await make_assessment((4, 1), (None, 1))
    first = await calculate_rating(assessment.id, session)
    assert (first.rating, first.confidence) == (4.0, 0.5)
    session.add(UserAnswer(user_id=user.id, question_id=question.id, value=1))
    second = await calculate_rating(assessment.id, session)
    assert (second.rating, second.confidence) == (2.5, 1.0)
    assert await session.scalar(select(func.count()).select_from(Rating)) == 1


async def test_the_caller_commits(session, make_assessment):
    assessment, _ = await make_assessment((4, 1))
    await calculate_rating(assessment.id, session)
    await session.rollback()
    assert await get_assessment_rating(assessment.id, session) is None


@pytest.mark.parametrize("answers", [[], [(None, 1), (None, 3)]], ids=["no questions", "no answers"])
async def test_without_answers_there_is_no_rating(session, make_assessment, answers):
    assessment, _ = await make_assessment(*answers)
    with pytest.raises(ValueError, match="^No answers found$"):
        await calculate_rating(assessment.id, session)
    assert await get_assessment_rating(assessment.id, session) is None


async def test_a_peers_answer_alone_is_no_answer(session, stranger, make_assessment):
    assessment, [question] = await make_assessment((None, 1))
    session.add(UserAnswer(user_id=stranger.id, question_id=question.id, value=5))
    with pytest.raises(ValueError, match="^No answers found$"):
        await calculate_rating(assessment.id, session)


async def test_an_unknown_assessment_is_named(session):
    missing = uuid4()
    with pytest.raises(NotFound, match=f"^No assessment has the id {missing}$"):
        await calculate_rating(missing, session)


async def test_the_rating_of_an_assessment_is_its_own(session, make_assessment):
    first, _ = await make_assessment((4, 1))
    second, _ = await make_assessment((2, 1))
    await calculate_rating(first.id, session)
    await calculate_rating(second.id, session)
    assert (await get_assessment_rating(first.id, session)).rating == 4.0
    assert await get_assessment_rating(uuid4(), session) is None


@pytest.mark.parametrize(
    "ratings, mean",
    [
        pytest.param([], 1.0, id="none"),
        pytest.param([5.5], 5.5, id="one"),
        pytest.param([2.0, 4.5], 3.25, id="two"),
        pytest.param([1.0, 1.0, 1.25, 1.25], 1.13, id="rounded half up"),
        pytest.param([1.1, 2.2, 3.3], 2.2, id="exact in decimals"),
    ],
)
async def test_the_rating_of_an_area_is_the_mean(session, make_assessment, ratings, mean):
    for rating in ratings:
        assessment, _ = await make_assessment(status="completed")
        session.add(Rating(assessment_id=assessment.id, skill_area="advanced", rating=rating, confidence=1.0))
    assert await calculate_rating_for_area("advanced", session) == mean


async def test_drafts_and_other_areas_do_not_count(session, make_assessment):
    for status, skill_area, rating in [
        ("completed", "advanced", 2.0), ("draft", "advanced", 5.0), ("completed", "strategy", 4.0)
    ]:
        assessment, _ = await make_assessment(status=status)
        session.add(Rating(assessment_id=assessment.id, skill_area=skill_area, rating=rating, confidence=1.0))
    assert await calculate_rating_for_area("advanced", session) == 2.0
    assert await calculate_rating_for_area("fundamentals", session) == 1.0


async def test_an_unknown_area_is_named(session):
    with pytest.raises(ValueError, match="'cooking': choose from fundamentals, advanced, strategy$"):
        await calculate_rating_for_area("cooking", session)
