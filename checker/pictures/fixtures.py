"""How long each fixture lived."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain

from checker.pictures.drawing import MARGIN, ROW, STEP, Picture, box, image, left_of, test_columns, text
from checker.pictures.recording import NothingToDraw, Run, Span, last_run
from checker.report.words import counted

TEST = "the test"
_TEST_STEPS = 4
_FIXTURE, _BODY = ("#ddf4ff", "#0969da"), ("#fff8c5", "#9a6700")


def lifetimes(*names: str) -> Picture:
    """The lives of fixtures in the last run: a row a fixture, a column a test, time from left to right.

    `NothingToDraw` for a fixture that was not set up, naming those that were.
    """
    run = last_run()
    known = dict.fromkeys(span.name for span in run.fixtures if not span.name.startswith("_"))
    for name in names:
        if name not in known:
            raise NothingToDraw(f"No fixture `{name}` was set up in this run. Set up: {', '.join(known)}.")
    lives = {name: [span for span in run.fixtures if span.name == name] for name in names}
    left = left_of((*names, TEST))
    x_of = {step: left + STEP * place for step, place in _places(run, lives).items()}
    edges = [*(x_of[test.first] for test in run.tests), x_of[run.tests[-1].last]]
    bottom = ROW * (len(names) + 2)
    parts = [test_columns(run.tests, edges, bottom)]
    drawn = [*((name, lives[name], _FIXTURE) for name in names), (TEST, run.bodies, _BODY)]
    for place, (name, spans, colours) in enumerate(drawn, start=1):
        parts.append(text(MARGIN, ROW * place, name))
        for span in spans:
            x, end = x_of[span.first], x_of[span.last]
            parts.append(box(x, ROW * place, end - x, colours))
    rows = tuple((name, _lived(lives[name], run.tests)) for name in names)
    said = " ".join(f"{name}: {words}." for name, words in rows)
    alt = f"Lifetimes of fixtures over {counted(len(run.tests), 'test')}. {said}"
    return Picture(image(edges[-1], bottom, parts), alt, ("Fixture", "Lives"), rows)


def _places(run: Run, lives: Mapping[str, Sequence[Span]]) -> dict[int, int]:
    """The place of each step that is drawn. A test itself gets more room than a set-up."""
    spans = [*run.tests, *run.bodies, *chain.from_iterable(lives.values())]
    bodies = {body.first for body in run.bodies}
    places, place = {}, 0
    for step in sorted({step for span in spans for step in (span.first, span.last)}):
        places[step] = place
        place += _TEST_STEPS if step in bodies else 1
    return places


def _lived(lives: Sequence[Span], tests: Sequence[Span]) -> str:
    """`a new one for each test`, or which tests each life saw."""
    seen = [
        [test.name for test in tests if life.first <= test.last and test.first <= life.last] for life in lives
    ]
    if len(tests) > 1 and len(seen) == len(tests) and all(len(names) == 1 for names in seen):
        return "a new one for each test"
    return "; ".join(f"one, from {names[0]} to {names[-1]}" if len(names) > 1 else names[0] for names in seen)
