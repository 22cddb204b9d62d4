"""Telling many people at once."""
import asyncio
from collections.abc import Awaitable, Callable, Iterable


async def notify_all(addresses: Iterable[str], *, send: Callable[[str], Awaitable[object]]) -> None:
    """Await `send(address)` for all addresses at the same time.

    When one fails, those still under way are cancelled; an ExceptionGroup carries every failure.
    """
    async with asyncio.TaskGroup() as group:
        for address in addresses:
            group.create_task(send(address))
