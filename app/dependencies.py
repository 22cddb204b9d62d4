"""What the endpoints ask for: a session, and the user who sent the request."""
from typing import Annotated

from fastapi import Depends, HTTPException
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy.ext.asyncio import AsyncSession

from app.database import get_session
from app.models import User
from app.security import InvalidToken, decode_access_token

Session = Annotated[AsyncSession, Depends(get_session)]
Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(HTTPBearer(auto_error=False))]


async def current_user(credentials: HTTPAuthorizationCredentials | None, session: AsyncSession) -> User:
    """The user whom the bearer token names; HTTPException 401 when there is none.

    Endpoints call it in their first line. As a `Depends` it would run before the body is checked,
    and a malformed request without a token would hear 401 and nothing of its mistakes.
    """
    if credentials is None:
        raise _unauthorized("send a bearer token")
    try:
        user_id = decode_access_token(credentials.credentials)
    except InvalidToken as error:
        raise _unauthorized("the token is invalid or expired: get a new one") from error
    user = await session.get(User, user_id)
    if user is None:
        raise _unauthorized("the user of this token no longer exists")
    return user


def _unauthorized(detail: str) -> HTTPException:
    return HTTPException(401, detail, headers={"WWW-Authenticate": "Bearer"})
