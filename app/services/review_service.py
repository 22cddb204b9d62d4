"""Asking peers what they think of somebody's skills."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable


async def ask_peers(peers: Iterable[str], *, ask: Callable[[str], Awaitable[int]]) -> list[int]:
    """Await `ask(peer)`, a value from 1 to 5, for all peers at the same time.

    Returns every value, in the order of `peers`, whoever answers first.
    """
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(ask(peer)) for peer in peers]
    return [task.result() for task in tasks]
