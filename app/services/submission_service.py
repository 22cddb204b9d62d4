"""Handing assessments to the jury, which charges for each one that it gets."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from uuid import UUID


class SubmissionDesk:
    """Hands each assessment in once, however often somebody clicks. It knows of its own process only."""

    def __init__(self) -> None:
        self._receipts: dict[UUID, str] = {}
        self._locks: defaultdict[UUID, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def submit(self, assessment_id: UUID, *, send: Callable[[UUID], Awaitable[str]]) -> str:
        """The jury's receipt: what `send(assessment_id)` returned the first time that it succeeded.

        Who submits the same assessment meanwhile waits, and gets the same receipt. An error of `send`
        reaches the caller, and the next one tries again. Different assessments do not wait for one another.
        """
        async with self._locks[assessment_id]:
            if assessment_id not in self._receipts:
                self._receipts[assessment_id] = await send(assessment_id)
            return self._receipts[assessment_id]


_desk = SubmissionDesk()


def get_desk() -> SubmissionDesk:
    """FastAPI dependency: the one desk of this process."""
    return _desk
