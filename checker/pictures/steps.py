"""Watches asyncio: which task ran when, from where it was woken to where it waits."""

from __future__ import annotations

import asyncio
import linecache
import re
import sysconfig
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

_LIBRARIES = tuple({sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib")})
_NAMED_BY_ASYNCIO = re.compile(r"Task-\d+")
FIRST = "the test"


@dataclass(frozen=True)
class Step:
    """One go of a task. While it lasts, no other task runs.

    `made`: how many steps there had been when the task was made. `waits_at`: the line of code at which it gives way,
    of the innermost function that is no library's; empty when the task ends, and then `error` may name what with.
    """

    task: str
    made: int
    waits_at: str = ""
    error: str = ""


@contextmanager
def watched(steps: list[Step]) -> Iterator[None]:
    """Notes in `steps` what the tasks do that are made inside the block.

    The first is called `the test`; the others have the name that they were given, or that of their function.
    """
    create = asyncio.BaseEventLoop.create_task
    tasks: list[asyncio.Task] = []
    functions: list[str] = []

    def create_watched(loop, coroutine, **options):
        functions.append(getattr(coroutine, "__name__", "task"))
        tasks.append(create(loop, _Watched(coroutine, str(len(tasks)), steps), **options))
        return tasks[-1]

    asyncio.BaseEventLoop.create_task = create_watched
    try:
        yield
    finally:
        asyncio.BaseEventLoop.create_task = create
        names = _names(tasks, functions)
        steps[:] = [replace(step, task=names[int(step.task)]) for step in steps]


def _names(tasks: list[asyncio.Task], functions: list[str]) -> list[str]:
    """A name for each task, no two alike. A task group names its tasks only after they are made."""
    names = [
        function if _NAMED_BY_ASYNCIO.fullmatch(task.get_name()) else task.get_name()
        for task, function in zip(tasks, functions, strict=True)
    ]
    names[:1] = [FIRST] * len(names[:1])
    return [
        f"{name} {names[: place + 1].count(name)}" if names.count(name) > 1 else name
        for place, name in enumerate(names)
    ]


class _Watched(Coroutine):
    """Stands for a coroutine in its task, and notes each step."""

    def __init__(self, coroutine: Coroutine, task: str, steps: list[Step]) -> None:
        self._coroutine, self._task, self._steps, self._made = coroutine, task, steps, len(steps)

    def send(self, value):
        return self._noted(self._coroutine.send, value)

    def throw(self, *error):
        return self._noted(self._coroutine.throw, *error)

    def close(self) -> None:
        self._coroutine.close()

    def __await__(self):
        return self._coroutine.__await__()

    def _noted(self, go, *values):
        place = len(self._steps)
        self._steps.append(Step(self._task, self._made))
        try:
            result = go(*values)
        except StopIteration:
            raise
        except BaseException as error:
            self._steps[place] = replace(self._steps[place], error=type(error).__name__)
            raise
        self._steps[place] = replace(self._steps[place], waits_at=_line(self._coroutine) or "an await")
        return result


def _line(coroutine) -> str:
    """The source line at which a coroutine waits, bare, in the innermost function that is no library's."""
    line = ""
    while coroutine is not None:
        frame = getattr(coroutine, "cr_frame", None) or getattr(coroutine, "gi_frame", None)
        if frame is not None and not frame.f_code.co_filename.startswith((*_LIBRARIES, "<")):
            source = linecache.getline(frame.f_code.co_filename, frame.f_lineno)
            line = source.partition("  # ")[0].strip().removesuffix(":") or line
        coroutine = getattr(coroutine, "cr_await", None) or getattr(coroutine, "gi_yieldfrom", None)
    return line
