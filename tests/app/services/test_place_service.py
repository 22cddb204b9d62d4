import asyncio

from app.services.place_service import Workshop


class FakeStore:
    """Answers when its gate is open; `asked` says that somebody waits for an answer."""

    def __init__(self, free):
        self.free = free
        self.asked, self.gate = asyncio.Event(), asyncio.Event()

    async def load(self):
        free = self.free
        self.asked.set()
        await self.gate.wait()
        return free

    async def save(self, free):
        self.free = free


async def test_a_place_is_taken_while_there_is_one():
    store = FakeStore(free=2)
    store.gate.set()
    workshop = Workshop(store)
    assert [await workshop.book() for _ in range(3)] == [True, True, False]
    assert store.free == 0


async def test_the_last_place_is_given_once():
    store = FakeStore(free=1)
    workshop = Workshop(store)
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        tasks = [group.create_task(workshop.book()) for _ in range(3)]
        await store.asked.wait()
        store.gate.set()
    assert [task.result() for task in tasks] == [True, False, False]
    assert store.free == 0
