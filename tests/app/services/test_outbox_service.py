import asyncio
import logging

import pytest

from app.services.outbox_service import Outbox


async def test_all_are_sent_in_order_by_the_end_of_the_block():
    sent = []

    async def send(address):
        await asyncio.sleep(0)
        sent.append(address)

    async with asyncio.timeout(5), Outbox(send) as outbox:
        outbox.put("a")
        outbox.put("b")
        assert sent == [], "put waits for nothing"
    assert sent == ["a", "b"]


async def test_one_is_sent_after_the_other():
    asked = []
    arrived, gate = asyncio.Event(), asyncio.Event()

    async def send(address):
        asked.append(address)
        arrived.set()
        await gate.wait()

    async with asyncio.timeout(5), Outbox(send) as outbox:
        outbox.put("a")
        outbox.put("b")
        await arrived.wait()
        assert asked == ["a"]
        gate.set()
    assert asked == ["a", "b"]


async def test_who_cannot_be_reached_is_logged_and_left_out(caplog):
    sent = []

    async def send(address):
        if address == "a":
            raise OSError("no route")
        sent.append(address)

    with caplog.at_level(logging.WARNING, "app"):
        async with asyncio.timeout(5), Outbox(send) as outbox:
            outbox.put("a")
            outbox.put("b")
    assert sent == ["b"]
    assert caplog.messages == ["no e-mail went to a: no route"]


async def test_a_cancelled_block_leaves_no_worker_behind():
    arrived = asyncio.Event()

    async def send(address):
        arrived.set()
        await asyncio.Event().wait()

    async def use():
        async with Outbox(send) as outbox:
            outbox.put("a")

    async with asyncio.timeout(5):
        using = asyncio.create_task(use())
        await arrived.wait()
        using.cancel()
        with pytest.raises(asyncio.CancelledError):
            await using
        others = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.gather(*others, return_exceptions=True)
    assert all(task.cancelled() for task in others)
