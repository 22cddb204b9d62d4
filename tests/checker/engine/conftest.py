import pytest

from checker.engine import Engine, Record, Trial
from checker.engine.fresh import FreshEngine
from checker.engine.warm import WarmEngine


@pytest.fixture(scope="module", params=[WarmEngine, FreshEngine], ids=["warm", "fresh"])
def engine(request):
    engine = request.param()
    yield engine
    engine.close()


@pytest.fixture
def run(engine: Engine):
    """Runs one trial of a test file, with other files beside it."""

    def run(answer: str, files: dict[str, str] | None = None, **how) -> Record:
        trial = Trial({"test_answer.py": answer, **(files or {})}, **how)
        [(index, record)] = list(engine.run([trial]))
        assert index == 0
        return record

    return run
