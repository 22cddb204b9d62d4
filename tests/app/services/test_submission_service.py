import asyncio
from uuid import uuid4

import pytest

from app.services.submission_service import SubmissionDesk, get_desk


class FakeJury:
    """`send` answers when the gate is open; `asked` holds what arrived, `arrived` is set by each."""

    def __init__(self):
        self.asked = []
        self.arrived, self.gate = asyncio.Event(), asyncio.Event()

    async def send(self, assessment_id):
        self.asked.append(assessment_id)
        self.arrived.set()
        await self.gate.wait()
        return f"receipt {len(self.asked)}"


@pytest.fixture
def jury():
    return FakeJury()


def test_there_is_one_desk():
    assert get_desk() is get_desk()


async def test_two_clicks_hand_in_once(jury):
    assessment_id, desk = uuid4(), SubmissionDesk()
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        clicks = [group.create_task(desk.submit(assessment_id, send=jury.send)) for _ in range(2)]
        await jury.arrived.wait()
        jury.gate.set()
    assert [click.result() for click in clicks] == ["receipt 1", "receipt 1"]
    assert jury.asked == [assessment_id]


async def test_a_later_click_gets_the_same_receipt(jury):
    assessment_id, desk = uuid4(), SubmissionDesk()
    jury.gate.set()
    assert await desk.submit(assessment_id, send=jury.send) == "receipt 1"
    assert await desk.submit(assessment_id, send=jury.send) == "receipt 1"
    assert jury.asked == [assessment_id]


async def test_after_an_error_the_one_who_waits_tries_again(jury):
    assessment_id, desk = uuid4(), SubmissionDesk()

    async def fail(assessment_id):
        jury.arrived.set()
        await jury.gate.wait()
        raise OSError("the jury is away")

    async with asyncio.timeout(5):
        first = asyncio.create_task(desk.submit(assessment_id, send=fail))
        await jury.arrived.wait()
        second = asyncio.create_task(desk.submit(assessment_id, send=jury.send))
        jury.gate.set()
        with pytest.raises(OSError, match="the jury is away"):
            await first
        assert await second == "receipt 1"


async def test_a_cancelled_click_lets_the_next_one_in(jury):
    assessment_id, desk = uuid4(), SubmissionDesk()
    async with asyncio.timeout(5):
        first = asyncio.create_task(desk.submit(assessment_id, send=jury.send))
        await jury.arrived.wait()
        first.cancel()
        jury.gate.set()
        assert await desk.submit(assessment_id, send=jury.send) == "receipt 2"


async def test_assessments_do_not_wait_for_one_another():
    desk = SubmissionDesk()
    both_are_sent = asyncio.Barrier(2)

    async def send(assessment_id):
        await both_are_sent.wait()
        return f"receipt of {assessment_id}"

    ids = [uuid4(), uuid4()]
    async with asyncio.timeout(5):
        receipts = await asyncio.gather(*(desk.submit(one, send=send) for one in ids))
    assert receipts == [f"receipt of {one}" for one in ids]
