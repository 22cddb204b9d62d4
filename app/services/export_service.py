"""Writing ratings to a file elsewhere, which is ours for as long as we say that we are still there."""

import asyncio
from collections.abc import AsyncIterable, Awaitable, Callable
from typing import Protocol


class Sink(Protocol):
    async def write(self, row: str) -> None: ...
    async def close(self) -> None: ...


async def export_ratings(
    rows: AsyncIterable[str], sink: Sink, *, keep_alive: Callable[[], Awaitable[object]]
) -> int:
    """Write the rows to the sink while `keep_alive()` runs beside it; returns how many were written.

    However it ends, by the last row, an error or a cancellation: before it ends, `keep_alive()` is
    cancelled and has come to its end, and the sink is closed. Errors and cancellations reach the caller;
    an error of `keep_alive()` does not, the export goes on without it.
    """
    beside = asyncio.ensure_future(keep_alive())
    written = 0
    try:
        async for row in rows:
            await sink.write(row)
            written += 1
    finally:
        beside.cancel()
        await asyncio.gather(beside, return_exceptions=True)
        await sink.close()
    return written
