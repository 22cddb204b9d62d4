from kiosk import change


async def test_change():
    assert await change(5, 3) == 5, "a/" * 5_000_000
