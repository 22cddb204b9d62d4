import sys

from shop import price

if sys.version_info >= (3, 11):

    async def test_price():
        assert await price(2) == 4


try:
    from builtins import ExceptionGroup
except ImportError:
    pass
else:

    async def test_negative():
        try:
            await price(-1)
        except* ValueError:
            found = True
        else:
            found = False
        assert found and ExceptionGroup
