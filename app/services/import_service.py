"""Importing users from elsewhere, a row at a time."""
from collections.abc import AsyncIterable
from contextlib import AbstractAsyncContextManager
from typing import Protocol


class Connection(Protocol):
    async def insert(self, row: dict[str, str]) -> None: ...
    async def commit(self) -> None: ...


class Pool(Protocol):
    def acquire(self) -> AbstractAsyncContextManager[Connection]: ...


async def import_users(pool: Pool, rows: AsyncIterable[dict[str, str]]) -> int:
    """Insert the rows (`{"email": …}`) over one connection; returns how many were inserted.

    A row with a blank address is skipped. There is one commit, after the last row: when a row fails,
    its error is raised and nothing is committed.
    """
    imported = 0
    async with pool.acquire() as connection:
        async for row in rows:
            if not row["email"].strip():
                continue
            await connection.insert(row)
            imported += 1
        await connection.commit()
    return imported
