"""Which task ran when, and where it gave way."""

from __future__ import annotations

from checker.pictures.drawing import FAINT, LETTER, MARGIN, ROW, Picture, box, fitting, image, left_of, text
from checker.pictures.recording import NothingToDraw, last_run
from checker.pictures.steps import Step

_LETTERS = 34
_WAITS, _ENDS, _FAILS = ("#fff8c5", "#9a6700"), ("#dafbe1", "#1a7f37"), ("#ffebe9", "#cf222e")


def timeline(test: str = "") -> Picture:
    """Which task of a test ran when: a column a task, a row a step, from top to bottom.

    A step lasts from where a task is woken to where it waits; its box says where that is. A line says that the task
    is there and waits. `test` is the test's name; it may be left out where the run had only one. `NothingToDraw` for
    a test that did not run, or ran no task.
    """
    steps = _steps_of(test)
    names = list(dict.fromkeys(step.task for step in sorted(steps, key=lambda step: step.made)))
    left = left_of([str(len(steps))])
    parts, edge = [], {}
    for name in names:
        edge[name] = left
        own = [place for place, step in enumerate(steps, start=1) if step.task == name]
        width = LETTER * min(_LETTERS, max(len(name), *(len(_then(steps[place - 1])) for place in own)) + 2)
        top, bottom = ROW * (steps[own[0] - 1].made + 1), ROW * own[-1]
        parts.append(text(left + MARGIN / 2, 0, name))
        parts.append(f'<path d="M{left + MARGIN:g} {top:g}V{bottom:g}" stroke="{FAINT}" stroke-width="3"/>')
        for place in own:
            step = steps[place - 1]
            parts.append(
                box(left, ROW * place, width, _WAITS if step.waits_at else _FAILS if step.error else _ENDS)
            )
            parts.append(text(left + MARGIN / 2, ROW * place, fitting(_then(step), width)))
        left += width + MARGIN
    parts += [text(MARGIN, ROW * place, str(place)) for place in range(1, len(steps) + 1)]
    rows = tuple((str(place), step.task, _until(step)) for place, step in enumerate(steps, start=1))
    said = " ".join(f"{place} {task}: {until}." for place, task, until in rows)
    drawn = image(left, ROW * (len(steps) + 1), parts)
    return Picture(drawn, f"Which task ran when, step by step. {said}", ("Step", "Task", "Runs until"), rows)


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


def _then(step: Step) -> str:
    """What stands in the box of a step."""
    return step.waits_at or step.error or "ends"


def _until(step: Step) -> str:
    if step.waits_at:
        return f"it waits at {step.waits_at}"
    return f"it ends with {step.error}" if step.error else "it ends"
