from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import selectinload

from app.models import Assessment, Question, Rating, User, UserAnswer


async def test_a_new_assessment_is_a_draft_about_the_fundamentals(session, user):
    assessment = Assessment(user_id=user.id, title="Test")
    session.add(assessment)
    await session.commit()
    assert (assessment.status, assessment.skill_areas) == ("draft", ["fundamentals"])
    assert assessment.completed_at is None


async def test_assessments_do_not_share_their_default_areas(session, user):
    first, second = Assessment(user_id=user.id, title="1"), Assessment(user_id=user.id, title="2")
    session.add_all([first, second])
    await session.commit()
    assert first.skill_areas is not second.skill_areas


async def test_a_moment_is_read_back_with_its_time_zone(session, user):
    moment = datetime(2026, 1, 31, 12, 30, tzinfo=UTC)
    session.add(Assessment(user_id=user.id, title="Test", completed_at=moment))
    await session.commit()
    read = await session.scalar(
        select(Assessment.completed_at).execution_options(populate_existing=True)
    )
    assert (read, read.utcoffset()) == (moment, timedelta(0))


async def test_created_at_is_now(session):
    before = datetime.now(UTC)
    user = User(email="new@example.com", hashed_password="...")
    session.add(user)
    await session.commit()
    assert before <= user.created_at <= datetime.now(UTC)


async def test_two_users_cannot_have_one_address(session, user):
    session.add(User(email=user.email, hashed_password="..."))
    with pytest.raises(IntegrityError):
        await session.commit()


async def test_nobody_answers_a_question_twice(session, user, make_assessment):
    _, [question] = await make_assessment((4, 1))
    session.add(UserAnswer(user_id=user.id, question_id=question.id, value=2))
    with pytest.raises(IntegrityError):
        await session.commit()


async def test_an_assessment_has_one_rating(session, make_assessment):
    assessment, _ = await make_assessment((4, 1))
    for _ in range(2):
        session.add(Rating(assessment_id=assessment.id, skill_area="advanced", rating=4.0, confidence=1.0))
    with pytest.raises(IntegrityError):
        await session.commit()


@pytest.mark.parametrize("value", [0, 6])
async def test_a_value_outside_1_to_5_is_refused(session, user, make_assessment, value):
    _, [question] = await make_assessment((None, 1))
    session.add(UserAnswer(user_id=user.id, question_id=question.id, value=value))
    with pytest.raises(IntegrityError, match="value_is_1_to_5"):
        await session.commit()


@pytest.mark.parametrize("weight", [0, 4])
async def test_a_weight_outside_1_to_3_is_refused(make_assessment, weight):
    with pytest.raises(IntegrityError, match="weight_is_1_to_3"):
        await make_assessment((None, weight))


async def test_with_a_user_goes_what_is_theirs(session, user, make_assessment):
    await make_assessment((4, 1))
    await session.delete(await session.get(User, user.id))
    await session.commit()
    for model in (Assessment, Question, UserAnswer):
        assert (await session.scalars(select(model))).all() == []


async def test_a_relationship_is_there_when_it_was_loaded(session, user, make_assessment):
    await make_assessment()
    assessment = await session.scalar(select(Assessment).options(selectinload(Assessment.user)))
    assert assessment.user.email == user.email
