"""Users: sign up, find, list."""
from uuid import UUID

from fastapi import HTTPException
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.email import send_email
from app.errors import EmailTaken
from app.models import User

# No password has this hash: who signs up has none yet.
NO_PASSWORD = "!"


async def create_user(*, email: str, session: AsyncSession) -> User:
    """Store a user under the stripped, lower-case address and send a welcome.

    `EmailTaken` when somebody has the address; then nothing is stored, no e-mail goes out and the session
    is usable. An error of the e-mail reaches the caller, but the user stays.
    """
    email = email.strip().lower()
    user = User(email=email, hashed_password=NO_PASSWORD)
    session.add(user)
    try:
        await session.commit()
    except IntegrityError as error:
        await session.rollback()
        raise EmailTaken(email) from error
    await send_email(user.email, "Welcome!")
    return user


async def get_user_or_404(user_id: UUID, session: AsyncSession) -> User:
    """The user with this id; HTTPException 404 with the id in its detail when there is none."""
    user = await session.get(User, user_id)
    if user is None:
        raise HTTPException(404, f"No user has the id {user_id}")
    return user


async def list_users(session: AsyncSession) -> list[User]:
    """All users, ordered by address."""
    users = await session.scalars(select(User).order_by(User.email))
    return list(users)
