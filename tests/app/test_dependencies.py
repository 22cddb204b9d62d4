from datetime import timedelta
from uuid import uuid4

import pytest
from fastapi import HTTPException
from fastapi.security import HTTPAuthorizationCredentials

from app.dependencies import current_user
from app.security import create_access_token


def bearer(token: str) -> HTTPAuthorizationCredentials:
    return HTTPAuthorizationCredentials(scheme="Bearer", credentials=token)


async def test_the_token_names_the_current_user(session, user):
    found = await current_user(bearer(create_access_token(user_id=user.id)), session)
    assert (found.id, found.email) == (user.id, user.email)


@pytest.mark.parametrize(
    "make_credentials, detail",
    [
        pytest.param(lambda user: None, "send a bearer token", id="no token"),
        pytest.param(lambda user: bearer("nonsense"), "invalid or expired", id="invalid"),
        pytest.param(
            lambda user: bearer(create_access_token(user_id=user.id, expires_in=timedelta(seconds=-1))),
            "invalid or expired",
            id="expired",
        ),
        pytest.param(
            lambda user: bearer(create_access_token(user_id=uuid4())), "no longer exists", id="no such user"
        ),
    ],
)
async def test_nobody_is_401(session, user, make_credentials, detail):
    with pytest.raises(HTTPException, match=detail) as raised:
        await current_user(make_credentials(user), session)
    assert (raised.value.status_code, raised.value.headers) == (401, {"WWW-Authenticate": "Bearer"})
