"""Fetching a profile from a service that may be slow."""
import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol
from uuid import UUID


class Connection(Protocol):
    async def fetch(self, user_id: UUID) -> dict[str, str]: ...
    async def close(self) -> None: ...


async def fetch_profile(
    open_connection: Callable[[], Awaitable[Connection]],
    user_id: UUID,
    *,
    timeout: float,  # noqa: ASYNC109  the caller's patience is part of the request
) -> dict[str, str]:
    """The user's profile; TimeoutError when opening and fetching take more than `timeout` seconds.

    The connection is closed in every case.
    """
    async with asyncio.timeout(timeout):
        connection = await open_connection()
        try:
            return await connection.fetch(user_id)
        finally:
            await connection.close()
