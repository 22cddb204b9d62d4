import asyncio
from uuid import UUID

import pytest

from app.services.profile_service import fetch_profile

ID = UUID(int=7)


class FakeConnection:
    def __init__(self, *, error: Exception | None = None, hangs: bool = False) -> None:
        self.error, self.hangs, self.closed = error, hangs, 0

    async def open(self) -> "FakeConnection":
        return self

    async def fetch(self, user_id: UUID) -> dict[str, str]:
        if self.hangs:
            await asyncio.Event().wait()
        if self.error:
            raise self.error
        return {"id": str(user_id)}

    async def close(self) -> None:
        self.closed += 1


async def test_a_profile_is_fetched_and_the_connection_closed():
    connection = FakeConnection()
    assert await fetch_profile(connection.open, ID, timeout=5) == {"id": str(ID)}
    assert connection.closed == 1


async def test_the_connection_is_closed_after_an_error():
    connection = FakeConnection(error=LookupError("no such profile"))
    with pytest.raises(LookupError, match="no such profile"):
        await fetch_profile(connection.open, ID, timeout=5)
    assert connection.closed == 1


async def test_a_timeout_is_raised_and_the_connection_closed():
    connection = FakeConnection(hangs=True)
    async with asyncio.timeout(5):  # Without a limit of its own the program would hang the run.
        with pytest.raises(TimeoutError):
            await fetch_profile(connection.open, ID, timeout=0)
    assert connection.closed == 1


async def test_opening_is_part_of_the_time():
    async def never_opens():
        await asyncio.Event().wait()

    async with asyncio.timeout(5):
        with pytest.raises(TimeoutError):
            await fetch_profile(never_opens, ID, timeout=0)
