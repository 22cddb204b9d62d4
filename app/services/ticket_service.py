"""A ticket machine: every caller gets the next number."""
import asyncio
from dataclasses import dataclass


@dataclass
class TicketCounter:
    """How many tickets were taken so far."""

    taken: int = 0


async def take_ticket(counter: TicketCounter) -> int:
    """Take a ticket and return its number; the first is 1."""
    # Others may run here. The count is read and written after it, so nobody can come in between.
    await asyncio.sleep(0)
    counter.taken += 1
    return counter.taken
