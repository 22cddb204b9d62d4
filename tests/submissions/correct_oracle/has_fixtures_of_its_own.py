import asyncio
from unittest.mock import AsyncMock, patch

import pytest
from shop import price


@pytest.fixture(autouse=True)
def till():
    with patch("till.note", AsyncMock()) as note:
        yield note


@pytest.fixture(params=[1, 2, 7])
async def number(request):
    await asyncio.sleep(0)
    return request.param


class TestPrice:
    async def test_price(self, number):
        async with asyncio.timeout(5):
            assert await price(number) == 2 * number

    @pytest.mark.timeout(5)
    async def test_negative(self, monkeypatch, tmp_path, caplog, capsys):
        monkeypatch.setenv("SHOP", "open")
        (tmp_path / "receipt").write_text("nothing")
        with pytest.raises(ValueError):
            await price(-1)
