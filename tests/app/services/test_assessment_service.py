import asyncio
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import async_sessionmaker

from app.errors import AssessmentCompleted, NotFound
from app.models import Assessment, Question, Rating, User, UserAnswer
from app.question_bank import QUESTION_BANK
from app.schemas import AssessmentCreate
from app.services import assessment_service
from app.services.assessment_service import (
    create_assessment,
    get_assessment_questions,
    submit_answer,
    submit_assessment,
)
from app.services.rating_service import get_assessment_rating


async def create(session, user, *skill_areas) -> Assessment:
    data = AssessmentCreate(title="Test", skill_areas=list(skill_areas))
    return await create_assessment(user_id=user.id, data=data, session=session)


async def test_a_new_assessment_is_stored_as_a_draft(session, sessions, user):
    assessment = await create(session, user, "advanced")
    async with sessions() as other:
        stored = await other.get(Assessment, assessment.id)
        assert (stored.user_id, stored.title, stored.skill_areas, stored.status) == (
            user.id, "Test", ["advanced"], "draft"
        )


async def test_it_copies_the_questions_of_its_areas_in_order(session, sessions, user):
    assessment = await create(session, user, "strategy", "fundamentals")
    async with sessions() as other:
        questions = await get_assessment_questions(assessment.id, other)
    assert [(question.text, question.weight) for question in questions] == (
        QUESTION_BANK["strategy"] + QUESTION_BANK["fundamentals"]
    )
    assert [question.position for question in questions] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert [question.skill_area for question in questions] == ["strategy"] * 4 + ["fundamentals"] * 4


async def test_questions_come_by_position(session, make_assessment):
    assessment, questions = await make_assessment((None, 1), (None, 2), (None, 3))
    first, second, third = [await session.get(Question, question.id) for question in questions]
    first.position, third.position = 3, 1
    await session.commit()
    assert await get_assessment_questions(assessment.id, session) == [third, second, first]


async def test_an_assessment_of_nobody_is_not_stored(session, user):
    data = AssessmentCreate(title="Test", skill_areas=["advanced"])
    with pytest.raises(IntegrityError):
        await create_assessment(user_id=uuid4(), data=data, session=session)
    await session.rollback()
    assert await session.scalar(select(func.count()).select_from(Question)) == 0


async def test_questions_of_an_unknown_assessment_are_not_found(session):
    missing = uuid4()
    with pytest.raises(NotFound, match=f"assessment has the id {missing}"):
        await get_assessment_questions(missing, session)


@pytest.mark.parametrize("value", [1, 5])
async def test_an_answer_is_stored(session, sessions, user, make_assessment, value):
    _, [question] = await make_assessment((None, 1))
    await submit_answer(user_id=user.id, question_id=question.id, value=value, session=session)
    async with sessions() as other:
        answer = await other.scalar(select(UserAnswer))
        assert (answer.user_id, answer.question_id, answer.value) == (user.id, question.id, value)


@pytest.mark.parametrize("value", [0, 6, -1, 2.5])
async def test_another_value_is_refused(session, user, make_assessment, value):
    _, [question] = await make_assessment((4, 1))
    with pytest.raises(ValueError, match=f"from 1 to 5, not {value}$"):
        await submit_answer(user_id=user.id, question_id=question.id, value=value, session=session)
    assert (await session.scalars(select(UserAnswer.value))).all() == [4]


async def test_a_changed_answer_replaces_the_first(session, sessions, user, make_assessment):
    _, [question] = await make_assessment((None, 1))
    for value in (2, 5, 3):
        await submit_answer(user_id=user.id, question_id=question.id, value=value, session=session)
    async with sessions() as other:
        assert (await other.scalars(select(UserAnswer.value))).all() == [3]


async def test_a_peers_answer_stands_beside_the_owners(session, user, stranger, make_assessment):
    _, [question] = await make_assessment((4, 1))
    await submit_answer(user_id=stranger.id, question_id=question.id, value=1, session=session)
    answers = (await session.execute(select(UserAnswer.user_id, UserAnswer.value))).all()
    assert set(answers) == {(user.id, 4), (stranger.id, 1)}


async def test_an_unknown_question_is_named(session, user):
    missing = uuid4()
    with pytest.raises(NotFound, match=f"question has the id {missing}"):
        await submit_answer(user_id=user.id, question_id=missing, value=3, session=session)


async def test_submitting_rates_and_completes(session, sessions, make_assessment):
    assessment, _ = await make_assessment((2, 1), (4, 3))
    before = datetime.now(UTC)
    submitted = await submit_assessment(assessment.id, session)
    assert submitted.status == "completed"
    async with sessions() as other:
        stored = await other.get(Assessment, assessment.id)
        assert stored.status == "completed"
        assert before <= stored.completed_at <= datetime.now(UTC)
        assert (await get_assessment_rating(assessment.id, other)).rating == 3.5


async def test_it_is_submitted_once(session, make_assessment):
    assessment, _ = await make_assessment((4, 1))
    first = (await submit_assessment(assessment.id, session)).completed_at
    with pytest.raises(AssessmentCompleted, match=str(assessment.id)):
        await submit_assessment(assessment.id, session)
    assert (await session.scalars(select(Assessment.completed_at))).all() == [first]


@pytest.mark.parametrize("who", ["user", "stranger"])
async def test_a_completed_assessment_takes_no_answer(session, make_assessment, request, user, stranger, who):
    answering = {"user": user, "stranger": stranger}[who]
    assessment, [question] = await make_assessment((4, 1))
    await submit_assessment(assessment.id, session)
    with pytest.raises(AssessmentCompleted):
        await submit_answer(user_id=answering.id, question_id=question.id, value=1, session=session)
    assert (await session.scalars(select(UserAnswer.value))).all() == [4]


async def test_a_session_that_remembers_a_draft_looks_again(session, sessions, user, make_assessment):
    assessment, [question] = await make_assessment((4, 1))
    remembered = await session.get(Assessment, assessment.id)
    await session.commit()
    async with sessions() as other:
        await submit_assessment(assessment.id, other)
    assert remembered.status == "draft"
    with pytest.raises(AssessmentCompleted):
        await submit_assessment(assessment.id, session)


async def test_without_answers_it_stays_a_draft(session, sessions, make_assessment):
    assessment, _ = await make_assessment((None, 1))
    with pytest.raises(ValueError, match="^No answers found$"):
        await submit_assessment(assessment.id, session)
    # Were anything half done, this commit would store it.
    await session.commit()
    async with sessions() as other:
        stored = await other.get(Assessment, assessment.id)
        assert (stored.status, stored.completed_at) == ("draft", None)
        assert await get_assessment_rating(assessment.id, other) is None


async def test_rating_and_status_share_one_commit(session, sessions, make_assessment, monkeypatch):
    assessment, _ = await make_assessment((4, 1))

    def broken_clock():
        raise OSError("the clock stopped")

    monkeypatch.setattr(assessment_service, "now", broken_clock)
    with pytest.raises(OSError, match="the clock stopped"):
        await submit_assessment(assessment.id, session)
    await session.rollback()
    async with sessions() as other:
        assert (await other.get(Assessment, assessment.id)).status == "draft"
        assert (await other.scalars(select(Rating))).all() == []


async def test_of_two_submits_at_once_one_counts(engine):
    # Two real transactions, which the test's own cannot hold: what they commit is deleted at the end.
    sessions = async_sessionmaker(engine, expire_on_commit=False)
    user = User(id=uuid4(), email="twice@example.com", hashed_password="...")
    async with sessions() as session:
        session.add(user)
        assessment = await create(session, user, "fundamentals")
        [question, *_] = await get_assessment_questions(assessment.id, session)
        await submit_answer(user_id=user.id, question_id=question.id, value=4, session=session)

    async def submit() -> str:
        async with sessions() as session:
            return (await submit_assessment(assessment.id, session)).status

    try:
        results = await asyncio.gather(submit(), submit(), return_exceptions=True)
    finally:
        async with sessions() as session:
            await session.execute(delete(User))
            await session.commit()
    assert sorted(str(result) for result in results) == [str(AssessmentCompleted(assessment.id)), "completed"]


async def test_an_unknown_assessment_is_not_submitted(session):
    missing = uuid4()
    with pytest.raises(NotFound, match=f"assessment has the id {missing}"):
        await submit_assessment(missing, session)
