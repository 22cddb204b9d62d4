import pytest
from sqlalchemy import func, select

from app.models import Assessment, Question, User
from app.services.cohort_service import delete_assessments, enrol, find_users


async def emails(session):
    return list(await session.scalars(select(User.email).order_by(User.email)))


async def test_enrolling_stores_stripped_lower_case_addresses(session):
    assert await enrol([" Ada@Example.com ", "bob@example.com"], session) == 2
    assert await emails(session) == ["ada@example.com", "bob@example.com"]


@pytest.mark.parametrize("place", [0, 1, 2])
async def test_enrolling_passes_over_an_address_that_is_taken(sessions, user, place):
    addresses = ["ada@example.com", "bob@example.com"]
    addresses.insert(place, user.email)
    async with sessions() as session:
        assert await enrol(addresses, session) == 2
    async with sessions() as another:
        assert await emails(another) == ["ada@example.com", "bob@example.com", user.email]


async def test_enrolling_an_address_twice_counts_it_once(session):
    assert await enrol(["ada@example.com", "ADA@example.com"], session) == 1


async def test_users_are_found_in_any_case_by_address(session):
    await enrol(["bob@example.com", "ada@example.com", "eve@elsewhere.org"], session)
    assert [user.email for user in await find_users("@EXAMPLE", session)] == ["ada@example.com", "bob@example.com"]


async def test_what_is_searched_for_is_no_pattern(session):
    await enrol(["a_b@example.com", "axb@example.com"], session)
    assert [user.email for user in await find_users("a_b", session)] == ["a_b@example.com"]
    assert await find_users("%", session) == []


async def test_deleting_takes_all_that_belongs_to_an_assessment(session, make_assessment):
    first, _ = await make_assessment((4, 1))
    second, _ = await make_assessment((4, 1))
    kept, questions = await make_assessment((4, 1), (None, 2))
    assert await delete_assessments([second.id, first.id, first.id], session) == 2
    assert list(await session.scalars(select(Assessment.id))) == [kept.id]
    assert await session.scalar(select(func.count()).select_from(Question)) == len(questions)
