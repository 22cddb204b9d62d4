from unittest.mock import AsyncMock, patch

from shop import price


async def test_price():
    with patch("till.note", AsyncMock()) as note:
        await price(2)
        note.assert_awaited_once_with
        assert note.assert_not_awaited
