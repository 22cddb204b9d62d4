"""Bearer tokens: JWTs signed with HS256 that name a user and expire."""
import os
import secrets
from datetime import UTC, datetime, timedelta
from uuid import UUID

import jwt

ALGORITHM = "HS256"

# HS256 wants a key of at least 32 bytes. Without SECRET_KEY each process makes its own: safe, but its
# tokens end with it and no other process accepts them.
SECRET_KEY = os.environ.get("SECRET_KEY") or secrets.token_hex(32)


class InvalidToken(Exception):
    """The token is forged, expired or not one of ours."""


def create_access_token(*, user_id: UUID, expires_in: timedelta = timedelta(hours=1)) -> str:
    """A token that says "I am this user" for `expires_in` from now."""
    claims = {
        "sub": str(user_id),
        "exp": datetime.now(UTC) + expires_in,
    }
    return jwt.encode(claims, SECRET_KEY, algorithm=ALGORITHM)


def decode_access_token(token: str) -> UUID:
    """The id of the user whom the token names; `InvalidToken` when it is forged, expired or malformed."""
    try:
        claims = jwt.decode(token, SECRET_KEY, algorithms=[ALGORITHM], options={"require": ["sub", "exp"]})
        return UUID(claims["sub"])
    except (jwt.InvalidTokenError, ValueError) as error:
        raise InvalidToken(str(error)) from error
