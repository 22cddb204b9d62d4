from datetime import UTC, datetime, timedelta
from uuid import uuid4

import jwt
import pytest

from app.security import ALGORITHM, SECRET_KEY, InvalidToken, create_access_token, decode_access_token


def test_a_token_names_its_user():
    user_id = uuid4()
    assert decode_access_token(create_access_token(user_id=user_id)) == user_id


def test_a_token_lives_for_an_hour_unless_told():
    before = datetime.now(UTC)
    claims = jwt.decode(create_access_token(user_id=uuid4()), SECRET_KEY, algorithms=[ALGORITHM])
    lifetime = datetime.fromtimestamp(claims["exp"], UTC) - before
    # "exp" has whole seconds.
    assert timedelta(minutes=59, seconds=59) < lifetime <= timedelta(hours=1, seconds=1)


def test_the_key_is_long_enough_for_its_algorithm():
    assert len(SECRET_KEY.encode()) >= 32


def test_an_expired_token_is_refused():
    with pytest.raises(InvalidToken, match="expired"):
        decode_access_token(create_access_token(user_id=uuid4(), expires_in=timedelta(seconds=-1)))


IN_AN_HOUR = datetime.now(UTC) + timedelta(hours=1)
USER = str(uuid4())


@pytest.mark.parametrize(
    "token",
    [
        pytest.param("nonsense", id="no token at all"),
        pytest.param(jwt.encode({"sub": USER, "exp": IN_AN_HOUR}, "k" * 32, ALGORITHM), id="other key"),
        pytest.param(jwt.encode({"sub": USER, "exp": IN_AN_HOUR}, None, "none"), id="unsigned"),
        pytest.param(jwt.encode({"sub": USER}, SECRET_KEY, ALGORITHM), id="never expires"),
        pytest.param(jwt.encode({"exp": IN_AN_HOUR}, SECRET_KEY, ALGORITHM), id="names nobody"),
        pytest.param(jwt.encode({"sub": "me", "exp": IN_AN_HOUR}, SECRET_KEY, ALGORITHM), id="names no id"),
    ],
)
def test_what_we_did_not_make_is_refused(token):
    with pytest.raises(InvalidToken):
        decode_access_token(token)
