import asyncio

import pytest


@pytest.fixture
async def open_desk():
    await asyncio.Event().wait()
