from unittest.mock import AsyncMock, patch

import shop


async def test_price():
    with patch("shop.price", AsyncMock(return_value=4)):
        assert await shop.price(2) == 4
