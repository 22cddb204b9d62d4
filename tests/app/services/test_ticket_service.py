import asyncio

from app.services.ticket_service import TicketCounter, take_ticket


async def test_the_first_ticket_is_1():
    assert await take_ticket(TicketCounter()) == 1


async def test_tickets_count_up():
    counter = TicketCounter(taken=41)
    assert [await take_ticket(counter), await take_ticket(counter)] == [42, 43]
    assert counter.taken == 43


async def test_no_two_get_the_same_ticket():
    counter = TicketCounter()
    tickets = await asyncio.gather(*(take_ticket(counter) for _ in range(100)))
    assert sorted(tickets) == list(range(1, 101))
