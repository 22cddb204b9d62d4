"""Delivering a message over a border that sometimes fails."""
import asyncio
from collections.abc import Awaitable, Callable


class TemporaryFailure(Exception):
    """It may work in a moment: the other side is busy or unreachable."""


class PermanentFailure(Exception):
    """It will never work: the other side refuses this message."""


async def deliver(
    message: str,
    *,
    send: Callable[[str], Awaitable[object]],
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    attempts: int = 3,
) -> int:
    """Send the message, at most `attempts` times; returns how many it took.

    After a `TemporaryFailure` it waits 1 second, then 2, then 4 and so on; the last one is raised.
    A `PermanentFailure`, and any other error, is raised at once. ValueError for less than one attempt.
    """
    if attempts < 1:
        raise ValueError(f"attempts must be at least 1, not {attempts}")
    wait = 1
    attempt = 1
    while True:
        try:
            await send(message)
            return attempt
        except TemporaryFailure:
            if attempt == attempts:
                raise
        await sleep(wait)
        wait *= 2
        attempt += 1
