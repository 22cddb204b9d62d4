"""Which task ran when."""

from __future__ import annotations

from checker.pictures.drawing import FAINT, MARGIN, ROW, Picture, box, image, left_of, text
from checker.pictures.recording import NothingToDraw, last_run
from checker.pictures.steps import Step

_COLUMN = 34
_RUNS = ("#fff8c5", "#9a6700")


def timeline(test: str = "") -> Picture:
    """Which task of a test ran when: a row a task, a column a step, a number in each step.

    A step lasts from where a task is woken to where it waits; a line says that the task is there and waits.
    `test` is the test's name; it may be left out where the run had only one. `NothingToDraw` for a test that did
    not run, or ran no task.
    """
    steps = _steps_of(test)
    names = list(dict.fromkeys(step.task for step in sorted(steps, key=lambda step: step.made)))
    left = left_of(names)
    parts = []
    for row, name in enumerate(names):
        own = [place for place, step in enumerate(steps) if step.task == name]
        begin, end = left + _COLUMN * steps[own[0]].made, left + _COLUMN * own[-1]
        parts.append(text(MARGIN, ROW * row, name))
        parts.append(f'<path d="M{begin:g} {ROW * row + ROW / 2:g}H{end:g}" stroke="{FAINT}" stroke-width="3"/>')
        for place in own:
            parts.append(box(left + _COLUMN * place, ROW * row, _COLUMN - 4, _RUNS))
            parts.append(text(left + _COLUMN * place + 8, ROW * row, str(place + 1)))
    rows = tuple((str(place), step.task, _until(step)) for place, step in enumerate(steps, start=1))
    order = ", ".join(f"{place} {step.task}" for place, step in enumerate(steps, start=1))
    alt = f"Which task ran when: {order}."
    svg = image(left + _COLUMN * len(steps), ROW * len(names), parts)
    return Picture(svg, alt, ("Step", "Task", "Runs until"), rows)


def _steps_of(test: str) -> tuple[Step, ...]:
    run = last_run()
    names = [body.name for body in run.bodies]
    if not test and len(names) > 1:
        raise NothingToDraw(f"This run had {len(names)} tests: name one of {', '.join(names)}.")
    if test and test not in names:
        raise NothingToDraw(f"No test `{test}` ran. Ran: {', '.join(names)}.")
    steps = run.steps[names.index(test) if test else 0]
    if not steps:
        raise NothingToDraw(f"`{test or names[0]}` ran no task: a timeline is one of an async test.")
    return steps


def _until(step: Step) -> str:
    if step.waits_at:
        return f"it waits at {step.waits_at}"
    return f"it ends with {step.error}" if step.error else "it ends"
