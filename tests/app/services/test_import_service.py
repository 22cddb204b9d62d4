from unittest.mock import AsyncMock, MagicMock, call, create_autospec

import pytest

from app.services.import_service import Connection, import_users


@pytest.fixture
def connection() -> AsyncMock:
    return create_autospec(Connection, instance=True)


@pytest.fixture
def pool(connection: AsyncMock) -> MagicMock:
    pool = MagicMock()
    pool.acquire.return_value.__aenter__.return_value = connection
    return pool


def rows_of(*addresses: str) -> MagicMock:
    rows = MagicMock()
    rows.__aiter__.return_value = [{"email": address} for address in addresses]
    return rows


async def test_rows_are_inserted_and_then_committed(pool, connection):
    assert await import_users(pool, rows_of("a@example.com", "b@example.com")) == 2
    assert connection.mock_calls == [
        call.insert({"email": "a@example.com"}),
        call.insert({"email": "b@example.com"}),
        call.commit(),
    ]
    assert (connection.insert.await_count, connection.commit.await_count) == (2, 1)


async def test_blank_addresses_are_skipped(pool, connection):
    assert await import_users(pool, rows_of("", "a@example.com", " \t")) == 1
    connection.insert.assert_awaited_once_with({"email": "a@example.com"})


async def test_nothing_is_committed_when_a_row_fails(pool, connection):
    connection.insert.side_effect = [None, OSError("connection lost")]
    with pytest.raises(OSError, match="connection lost"):
        await import_users(pool, rows_of("a@example.com", "b@example.com"))
    connection.commit.assert_not_called()


async def test_one_connection_is_taken_and_given_back(pool):
    await import_users(pool, rows_of("a@example.com", "b@example.com"))
    pool.acquire.assert_called_once_with()
    pool.acquire.return_value.__aexit__.assert_awaited_once_with(None, None, None)


async def test_no_rows_are_no_users(pool):
    assert await import_users(pool, rows_of()) == 0
