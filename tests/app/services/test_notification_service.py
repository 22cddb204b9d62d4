import asyncio

import pytest

from app.services.notification_service import notify_all


async def test_all_are_under_way_at_the_same_time():
    everybody_is_here = asyncio.Barrier(3)
    sent = []

    async def send(address):
        await everybody_is_here.wait()
        sent.append(address)

    async with asyncio.timeout(5):
        await notify_all(["a", "b", "c"], send=send)
    assert sorted(sent) == ["a", "b", "c"]


async def test_the_group_carries_every_failure():
    both_are_here = asyncio.Barrier(2)
    errors = {"a": OSError("a is away"), "b": ValueError("b is no address")}

    async def send(address):
        await both_are_here.wait()
        raise errors[address]

    with pytest.RaisesGroup(
        pytest.RaisesExc(OSError, match="a is away"), pytest.RaisesExc(ValueError, match="b is no address")
    ):
        await notify_all(["a", "b"], send=send)


async def test_one_failure_cancels_those_under_way():
    waiting, cancelled = asyncio.Event(), []

    async def send(address):
        if address == "fails":
            await waiting.wait()
            raise OSError("no route")
        try:
            waiting.set()
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.append(address)
            raise

    with pytest.RaisesGroup(pytest.RaisesExc(OSError, match="no route")):
        await notify_all(["waits", "fails"], send=send)
    assert cancelled == ["waits"]


async def test_nobody_is_notified_of_nothing():
    async def send(address):
        raise AssertionError(f"{address} was not to be notified")

    assert await notify_all([], send=send) is None
