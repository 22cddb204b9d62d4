"""Places in a workshop: who books first gets one."""

import asyncio
from typing import Protocol


class Store(Protocol):
    """Keeps the number of free places, somewhere else."""

    async def load(self) -> int: ...
    async def save(self, free: int) -> None: ...


class Workshop:
    """One workshop. It knows of its own process only."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = asyncio.Lock()

    async def book(self) -> bool:
        """Take a free place; returns whether there was one."""
        async with self._lock:
            free = await self._store.load()
            if free == 0:
                return False
            await self._store.save(free - 1)
            return True
