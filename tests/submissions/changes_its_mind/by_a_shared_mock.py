from unittest.mock import AsyncMock, patch

from shop import price

NOTE = AsyncMock()


async def test_price():
    with patch("till.note", NOTE):
        assert await price(2) == 4
    NOTE.assert_awaited()


async def test_negative():
    assert NOTE.await_count == 2
