import asyncio

import pytest

from app.services.review_service import ask_peers


async def test_the_values_come_in_the_order_of_the_peers_whoever_answers_first():
    everybody_is_asked = asyncio.Barrier(3)
    next_may_answer = {peer: asyncio.Event() for peer in "abc"}
    next_may_answer["c"].set()

    async def ask(peer):
        await everybody_is_asked.wait()
        await next_may_answer[peer].wait()
        if peer != "a":
            next_may_answer[chr(ord(peer) - 1)].set()
        return "abc".index(peer) + 1

    async with asyncio.timeout(5):
        assert await ask_peers("abc", ask=ask) == [1, 2, 3]


async def test_a_peer_who_is_named_twice_is_asked_twice():
    values = iter([4, 2])

    async def ask(peer):
        return next(values)

    assert await ask_peers(["a", "a"], ask=ask) == [4, 2]


async def test_an_error_reaches_the_caller():
    async def ask(peer):
        raise OSError(f"{peer} is away")

    with pytest.RaisesGroup(pytest.RaisesExc(OSError, match="a is away")):
        await ask_peers("a", ask=ask)


async def test_nobody_is_asked_for_nothing():
    async def ask(peer):
        raise AssertionError(f"{peer} was not to be asked")

    assert await ask_peers([], ask=ask) == []
