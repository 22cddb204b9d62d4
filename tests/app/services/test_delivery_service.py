from unittest.mock import AsyncMock, call

import pytest

from app.services.delivery_service import PermanentFailure, TemporaryFailure, deliver

BUSY = TemporaryFailure("busy")


@pytest.mark.parametrize(
    "outcomes, waits",
    [
        pytest.param([None], [], id="at once"),
        pytest.param([BUSY, None], [1], id="second try"),
        pytest.param([BUSY, BUSY, None], [1, 2], id="third try"),
    ],
)
async def test_it_tries_until_it_works(outcomes, waits):
    send, sleep = AsyncMock(side_effect=outcomes), AsyncMock()
    assert await deliver("hello", send=send, sleep=sleep) == len(outcomes)
    assert send.await_args_list == [call("hello")] * len(outcomes)
    assert sleep.await_args_list == [call(wait) for wait in waits]


async def test_the_last_failure_is_raised_without_a_wait():
    last = TemporaryFailure("still busy")
    send, sleep = AsyncMock(side_effect=[BUSY, BUSY, last]), AsyncMock()
    with pytest.raises(TemporaryFailure) as raised:
        await deliver("hello", send=send, sleep=sleep)
    assert raised.value is last
    assert sleep.await_args_list == [call(1), call(2)]


async def test_waits_double():
    send, sleep = AsyncMock(side_effect=[BUSY] * 4 + [None]), AsyncMock()
    assert await deliver("hello", send=send, sleep=sleep, attempts=5) == 5
    assert sleep.await_args_list == [call(1), call(2), call(4), call(8)]


@pytest.mark.parametrize("error", [PermanentFailure("no such address"), RuntimeError("a bug")])
async def test_another_failure_is_raised_at_once(error):
    send, sleep = AsyncMock(side_effect=[BUSY, error]), AsyncMock()
    with pytest.raises(type(error)) as raised:
        await deliver("hello", send=send, sleep=sleep)
    assert raised.value is error
    assert (send.await_count, sleep.await_args_list) == (2, [call(1)])


async def test_one_attempt_is_one():
    send, sleep = AsyncMock(side_effect=BUSY), AsyncMock()
    with pytest.raises(TemporaryFailure, match="busy"):
        await deliver("hello", send=send, sleep=sleep, attempts=1)
    assert (send.await_count, sleep.await_count) == (1, 0)


async def test_no_attempt_is_an_error():
    with pytest.raises(ValueError, match="^attempts must be at least 1, not 0$"):
        await deliver("hello", send=AsyncMock(), attempts=0)
