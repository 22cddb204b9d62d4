"""Sending e-mails in the background, so that no page waits for the mail server."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self

logger = logging.getLogger(__name__)


class Outbox:
    """`async with Outbox(send) as outbox:` sends what is put in, one after the other, in that order.

    An address whose `send(address)` raises OSError is logged and left out. At the end of the block
    everything that was put in has had its turn.
    """

    def __init__(self, send: Callable[[str], Awaitable[object]]) -> None:
        self._send = send
        self._queue: asyncio.Queue[str | None] = asyncio.Queue()

    def put(self, address: str) -> None:
        """Send to this address soon; waits for nothing."""
        self._queue.put_nowait(address)

    async def __aenter__(self) -> Self:
        self._worker = asyncio.create_task(self._work())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._queue.put_nowait(None)
        await self._worker

    async def _work(self) -> None:
        # None says that nothing more will come.
        while (address := await self._queue.get()) is not None:
            try:
                await self._send(address)
            except OSError as problem:
                logger.warning("no e-mail went to %s: %s", address, problem)
