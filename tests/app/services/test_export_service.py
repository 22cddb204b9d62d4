import asyncio
from unittest.mock import create_autospec

import pytest

from app.services.export_service import Sink, export_ratings


@pytest.fixture
def sink():
    return create_autospec(Sink, instance=True)


class FakeKeepAlive:
    """Runs until it is cancelled; its own ending takes a moment."""

    def __init__(self):
        self.started = asyncio.Event()
        self.ended = False

    async def __call__(self):
        self.started.set()
        try:
            await asyncio.Event().wait()
        finally:
            for _ in range(10):
                await asyncio.sleep(0)
            self.ended = True


@pytest.fixture
def keep_alive():
    return FakeKeepAlive()


async def two_rows():
    yield "ada 4.5"
    yield "bob 3.0"


async def test_all_rows_are_written(sink, keep_alive):
    async def write(row):
        await keep_alive.started.wait()

    sink.write.side_effect = write
    async with asyncio.timeout(5):
        assert await export_ratings(two_rows(), sink, keep_alive=keep_alive) == 2
    assert [call.args for call in sink.write.await_args_list] == [("ada 4.5",), ("bob 3.0",)]
    sink.close.assert_awaited_once_with()
    assert keep_alive.ended


async def test_an_error_reaches_the_caller_when_all_is_put_away(sink, keep_alive):
    async def fail(row):
        await keep_alive.started.wait()
        raise OSError("disk full")

    sink.write.side_effect = fail
    with pytest.raises(OSError, match="disk full"):
        await export_ratings(two_rows(), sink, keep_alive=keep_alive)
    sink.close.assert_awaited_once_with()
    assert keep_alive.ended


async def test_a_cancellation_reaches_the_caller_when_all_is_put_away(sink, keep_alive):
    arrived = asyncio.Event()

    async def never(row):
        arrived.set()
        await asyncio.Event().wait()

    sink.write.side_effect = never
    async with asyncio.timeout(5):
        export = asyncio.create_task(export_ratings(two_rows(), sink, keep_alive=keep_alive))
        await arrived.wait()
        export.cancel()
        await asyncio.wait([export])
    assert export.cancelled()
    sink.close.assert_awaited_once_with()
    assert keep_alive.ended
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_keep_alive_that_ends_by_itself_does_no_harm(sink):
    async def fail():
        failed.set()
        raise OSError("not reachable")

    async def write(row):
        await failed.wait()

    failed = asyncio.Event()
    sink.write.side_effect = write
    async with asyncio.timeout(5):
        assert await export_ratings(two_rows(), sink, keep_alive=fail) == 2
