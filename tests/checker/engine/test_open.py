"""What `open_engine` gives can do all that an engine can."""

from contextlib import closing

import pytest

from checker.engine import Trial
from checker.engine.open import open_engine

HASHED = Trial({"test_answer.py": "def test_it(record_property):\n    record_property('hash', hash('a'))\n"})


@pytest.mark.parametrize("fresh", [False, True], ids=["warm", "fresh"])
def test_a_renewed_engine_runs_in_a_python_with_other_hashes(fresh):
    with closing(open_engine(fresh=fresh)) as engine:
        seen = set()
        for _ in range(3):
            [(_, record)] = engine.run([HASHED])
            [test] = record.tests
            seen.add(test.properties["hash"])
            engine.renew()
    assert len(seen) > 1
