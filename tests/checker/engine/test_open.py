"""What `open_engine` gives can do all that an engine can."""

from contextlib import ExitStack, closing

import pytest

from checker.engine import Trial
from checker.engine.open import open_engine

HASHED = Trial({"test_answer.py": "def test_it(record_property):\n    record_property('hash', hash('a'))\n"})


@pytest.mark.parametrize("fresh", [False, True], ids=["warm", "fresh"])
def test_another_engine_runs_in_a_python_with_other_hashes(fresh):
    with ExitStack() as stack:
        engine = stack.enter_context(closing(open_engine(fresh=fresh)))
        seen = set()
        for one in (engine, *[stack.enter_context(closing(engine.another())) for _ in range(2)]):
            [(_, record)] = one.run([HASHED])
            [test] = record.tests
            seen.add(test.properties["hash"])
        assert len(seen) > 1
