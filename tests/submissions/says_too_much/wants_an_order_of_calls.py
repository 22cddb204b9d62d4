from unittest.mock import AsyncMock, call, patch

from shop import price


async def test_price():
    with patch("till.note", AsyncMock()) as note:
        assert await price(2) == 4
    assert note.await_args_list == [call("asked"), call("told")]
