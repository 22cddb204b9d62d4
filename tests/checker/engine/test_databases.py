"""PostgreSQL for trials: what each of them gets, and what is left afterwards."""

import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from checker.engine import POSTGRESQL, EngineError, Trial
from checker.engine.databases import Databases, WithDatabases
from checker.engine.fresh import FreshEngine
from checker.engine.processes import remove_left_over
from checker.engine.warm import WarmEngine
from tests.checker.processes import gone

pytestmark = pytest.mark.postgres
START = """
import os
import asyncpg
import pytest


def address():
    return os.environ["DATABASE_URL"].replace("+asyncpg", "")


@pytest.fixture
async def connection():
    connection = await asyncpg.connect(address())
    yield connection
    await connection.close()

"""
FIRST_AND_ALONE = START + """
async def test_first(connection):
    assert await connection.fetchval("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == 0
    await connection.execute("CREATE TABLE left_behind (id int)")
"""
COUNTS = START + """
async def test_count(connection, record_property):
    query = "SELECT count(*) FROM pg_database WHERE datname LIKE 'trial%'"
    record_property("databases", await connection.fetchval(query))
"""


@pytest.fixture(scope="module", params=[WarmEngine, FreshEngine], ids=["warm", "fresh"])
def engine(request):
    engine = WithDatabases(request.param())
    yield engine
    engine.close()


def outcomes(engine, *answers, **how):
    trials = [Trial({"test_answer.py": answer}, needs=POSTGRESQL, **how) for answer in answers]
    records = dict(engine.run(trials))
    return [[run.outcome for run in records[index].tests] for index in range(len(trials))]


def databases(engine):
    [(_, record)] = engine.run([Trial({"test_answer.py": COUNTS}, needs=POSTGRESQL)])
    return record.tests[0].properties["databases"]


def test_each_trial_has_an_empty_database(engine):
    assert outcomes(engine, FIRST_AND_ALONE, FIRST_AND_ALONE, FIRST_AND_ALONE) == [["passed"]] * 3


def test_a_trial_that_needs_nothing_gets_nothing(engine):
    answer = "import os\ndef test_a(): assert 'DATABASE_URL' not in os.environ and 'PGPASSWORD' not in os.environ\n"
    needing = "import os\ndef test_a(): assert os.environ['DATABASE_URL']\n"
    trials = [Trial({"test_a.py": answer}), Trial({"test_a.py": needing}, needs=POSTGRESQL)]
    assert [record.tests[0].outcome for _, record in engine.run(trials)] == ["passed", "passed"]


def test_no_trial_reaches_the_server_or_another_database(engine):
    answer = START + """
@pytest.mark.parametrize("name", ["postgres", "template1"])
async def test_others(connection, name):
    with pytest.raises(asyncpg.PostgresError):
        await asyncpg.connect(address(), database=name)
    with pytest.raises(asyncpg.PostgresError):
        await asyncpg.connect(address(), user="postgres", database=name)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute("CREATE DATABASE mine")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute("COPY (SELECT 1) TO PROGRAM 'true'")
"""
    assert outcomes(engine, answer) == [["passed", "passed"]]


def test_databases_are_dropped_whatever_the_trial_left_open(engine):
    hangs = START + """
async def test_hangs(connection):
    await connection.execute("CREATE TABLE locked (id int)")
    await connection.execute("SELECT pg_sleep(1000)")
"""
    dies = START + """
async def test_dies(connection):
    os._exit(1)
"""
    outcomes(engine, hangs, dies, seconds=1)
    assert databases(engine) == 1  # its own


def test_a_run_that_is_left_early_leaves_no_database(engine):
    trials = [Trial({"test_answer.py": FIRST_AND_ALONE}, needs=POSTGRESQL)] * 4
    results = engine.run(trials)
    next(results)
    results.close()
    assert databases(engine) == 1


def test_case_is_folded_beyond_ascii_on_every_machine(engine):
    answer = START + """
async def test_fold(connection):
    assert await connection.fetchval("SELECT lower('ÄDA')") == "äda"
"""
    assert outcomes(engine, answer) == [["passed"]]


SUPERVISOR = """
import os
import psutil
from checker.engine.databases import Databases
databases = Databases()
databases.open(1)
keeper = psutil.Process(databases._process.pid)
print(databases._folder, keeper.pid, *(child.pid for child in keeper.children(recursive=True)), flush=True)
os.kill(os.getpid(), 9)
"""


def test_the_server_goes_when_its_supervisor_is_killed():
    said = subprocess.run([sys.executable, "-c", SUPERVISOR], capture_output=True, text=True, timeout=120).stdout
    folder, *pids = said.split()
    assert len(pids) > 2
    assert gone(*map(int, pids))
    assert not Path(folder).exists()


@pytest.mark.skipif(sys.platform != "linux", reason="a process can ask to end with its parent on Linux alone")
def test_the_server_goes_when_its_keeper_is_killed_and_the_next_one_removes_its_folder():
    code = SUPERVISOR.replace("os.kill(os.getpid(), 9)", "keeper.kill(); keeper.wait()")
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120).stdout
    folder, *pids = said.split()
    assert gone(*map(int, pids))
    remove_left_over()
    assert not Path(folder).exists()


def test_closing_leaves_no_process_and_no_folder():
    databases = Databases()
    databases.open(1)
    folder, keeper = databases._folder, psutil.Process(databases._process.pid)
    family = [keeper, *keeper.children(recursive=True)]
    databases.close()
    assert gone(*(process.pid for process in family))
    assert not folder.exists()


def test_a_killed_keeper_is_a_fault_of_the_engine_and_the_next_call_works():
    databases = Databases()
    try:
        databases.open(1)
        databases._process.kill()
        databases._process.wait()
        assert len(databases.open(2)) == 2
    finally:
        databases.close()


def test_a_server_elsewhere_gets_databases_and_loses_them(monkeypatch):
    ours = Databases()
    try:
        [home] = ours.open(1)
        monkeypatch.setenv("DATABASE_URL", home.full_url)
        elsewhere = Databases()
        with pytest.raises(EngineError, match="permission denied to create database"):
            elsewhere.open(1)
        elsewhere.close()
    finally:
        ours.close()
