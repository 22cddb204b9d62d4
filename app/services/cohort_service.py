"""Looking after many at once: enrol people, find them, delete assessments."""
from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import delete, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.models import Assessment, User
from app.services.user_service import NO_PASSWORD


async def enrol(emails: Iterable[str], session: AsyncSession) -> int:
    """Store a user for each address that has none, in one commit; returns how many are new.

    Addresses are stripped and in lower case, as in `create_user`. Nobody gets an e-mail.
    """
    enrolled = 0
    for email in emails:
        row = {"email": email.strip().lower(), "hashed_password": NO_PASSWORD}
        try:
            # A savepoint to go back to: after an error PostgreSQL refuses all else in the transaction.
            async with session.begin_nested():
                await session.execute(insert(User).values(row))
        except IntegrityError:
            continue
        enrolled += 1
    await session.commit()
    return enrolled


async def find_users(text: str, session: AsyncSession) -> list[User]:
    """The users whose address contains the text, in whatever case it is typed; ordered by address."""
    users = await session.scalars(
        select(User).where(User.email.icontains(text, autoescape=True)).order_by(User.email)
    )
    return list(users)


async def delete_assessments(assessment_ids: Iterable[UUID], session: AsyncSession) -> int:
    """Delete assessments with all that belongs to them, in one commit; returns how many there were.

    Of two calls at the same time one waits for the other.
    """
    deleted = 0
    # In one order, whatever the caller's: else two calls could wait for each other.
    for assessment_id in sorted(assessment_ids):
        result = await session.execute(delete(Assessment).where(Assessment.id == assessment_id))
        deleted += result.rowcount
    await session.commit()
    return deleted
