from pathlib import Path

from shop import price


async def test_price():
    assert not Path("receipt").exists()
    Path("receipt").write_text(str(await price(2)))
