"""What the warm process imports ahead is what a trial would have imported itself, and no more."""

import pytest

from checker.engine.warm import WarmEngine

CLOCK = "import time\nLOADED = time.perf_counter_ns()\n"
PRICES = "def price(): return 3\n"
SHOP = {"shop/__init__.py": "", "shop/clock.py": CLOCK, "shop/prices.py": PRICES}
# Says when the program's module was imported, in its own words.
TELLS = "import sys\ndef test_a(): assert sys.modules['shop.clock'].LOADED is None\n"


@pytest.fixture
def loaded(run, engine):
    """When `shop.clock` was imported, in two trials one after the other."""

    def loaded(conftest: str, files: dict[str, str] | None = None, varied=("shop/prices.py",)) -> list[str]:
        files = {**SHOP, **(files or {}), "conftest.py": conftest}
        return [run(TELLS, files, varied=varied).tests[0].message for _ in range(2)]

    return loaded


def test_what_no_version_changes_is_imported_once(loaded, engine):
    first, second = loaded("import shop.clock\n")
    assert first.startswith("assert ")
    assert (first == second) is isinstance(engine, WarmEngine)


@pytest.mark.parametrize(
    ("conftest", "files", "varied"),
    [
        ("import shop.clock\n", {}, None),
        ("import shop.clock\n", {}, ("shop/clock.py",)),
        ("import shop.clock\n", {"shop/__init__.py": "import shop.prices\n"}, ("shop/prices.py",)),
        ("import shop.clock\n", {"shop/clock.py": f"from shop import prices\n{CLOCK}"}, ("shop/prices.py",)),
        ("import shop.clock\n", {"shop/clock.py": f"from . import prices\n{CLOCK}"}, ("shop/prices.py",)),
        ("import shop.clock\n", {"shop/clock.py": f"{CLOCK}PLACE = __file__\n"}, ("shop/prices.py",)),
        (
            "import shop.clock\n",
            {"shop/clock.py": f"{CLOCK}import os\nPLACE = os.path.realpath('shop')\n"},
            ("shop/prices.py",),
        ),
        ("import shop.clock\n", {"shop/clock.py": f"{CLOCK}print('hello')\n"}, ("shop/prices.py",)),
        ("import os\nos.environ['RATE'] = '2'\nimport shop.clock\n", {}, ("shop/prices.py",)),
        ("def late(): pass\nimport shop.clock\n", {}, ("shop/prices.py",)),
    ],
    ids=[
        *("unknown", "varied", "in_a_varied_package", "imports_varied", "relatively", "place", "path"),
        *("says", "set", "late"),
    ],
)
def test_what_could_come_out_otherwise_is_imported_anew(loaded, conftest, files, varied):
    first, second = loaded(conftest, files, varied)
    assert first.startswith("assert ")
    assert first != second


def test_a_varied_module_leads_to_what_it_imports(loaded, engine):
    first, second = loaded("import shop.prices\n", {"shop/prices.py": f"import shop.clock\n{PRICES}"})
    assert (first == second) is isinstance(engine, WarmEngine)


def test_what_a_trial_has_not_imported_is_not_there(run):
    files = {
        "shop/__init__.py": "",
        "shop/tables.py": "TABLES = []\n",
        "shop/models.py": "from shop.tables import TABLES\nTABLES.append('users')\n",
        "conftest.py": "from shop.tables import TABLES\n",
    }
    answer = "from shop.tables import TABLES\ndef test_a(): assert TABLES == ['users']\n"
    assert run(answer, files, varied=("shop/prices.py",)).tests[0].outcome == "failed"
    files["conftest.py"] = "import shop.models\n"
    assert run(answer, files, varied=("shop/prices.py",)).tests[0].outcome == "passed"


def test_a_module_knows_the_folder_of_its_trial(run):
    answer = """
import importlib, inspect, sys
from pathlib import Path
def test_a():
    clock = sys.modules["shop.clock"]
    assert Path(clock.__file__) == Path.cwd() / "shop" / "clock.py" == Path(clock.__spec__.origin)
    assert Path(sys.modules["shop"].__path__[0]) == Path.cwd() / "shop"
    assert inspect.getsource(clock).startswith("import time")
    before = clock.LOADED
    assert importlib.reload(clock).LOADED > before
"""
    record = run(answer, {**SHOP, "conftest.py": "import shop.clock\n"}, varied=())
    assert [test.outcome for test in record.tests] == ["passed"], record.tests


@pytest.mark.parametrize(
    "text",
    ["raise LookupError('no stock')\n", "import shop.nowhere\n", "def broken(:\n"],
    ids=["raises", "missing", "no_python"],
)
def test_a_module_that_cannot_be_imported_fails_in_the_trial(run, text):
    files = {**SHOP, "shop/clock.py": text, "conftest.py": "import shop.clock\n"}
    for _ in range(2):
        record = run("def test_a(): pass\n", files, varied=())
        assert record.end == "usage"
        assert "clock.py" in record.output


def test_the_environment_is_that_of_a_trial(run, monkeypatch):
    monkeypatch.setenv("RATE", "7")
    files = {
        "shop/__init__.py": "",
        "shop/rate.py": "import os\nRATE = os.environ.get('RATE', '1')\n",
        "conftest.py": "from shop.rate import RATE\n",
    }
    answer = "from shop.rate import RATE\ndef test_a(): assert RATE == '{}'\n"
    assert run(answer.format("1"), files, varied=()).tests[0].outcome == "passed"
    assert run(answer.format("2"), files, varied=(), env={"RATE": "2"}).tests[0].outcome == "passed"


def test_one_trial_leaves_nothing_for_the_next(run):
    files = {**SHOP, "conftest.py": "import shop.clock\n"}
    answer = "import shop.clock\ndef test_a():\n    assert shop.clock.LOADED != 1\n    shop.clock.LOADED = 1\n"
    for _ in range(2):
        assert run(answer, files, varied=()).tests[0].outcome == "passed"


def test_a_database_file_is_that_of_the_trial_wherever_it_goes(run):
    """SQLAlchemy makes the path absolute when the module creates its engine: by then the trial may not have begun."""
    files = {
        "shop/__init__.py": "",
        "shop/database.py": """
from sqlalchemy.ext.asyncio import create_async_engine
engine = create_async_engine("sqlite+aiosqlite:///shop.db")
""",
        "conftest.py": "from shop.database import engine\n",
    }
    answer = """
from pathlib import Path
from shop.database import engine

HERE = Path.cwd()

async def test_a(monkeypatch):
    monkeypatch.chdir("tmp")
    async with engine.begin() as connection:
        await connection.exec_driver_sql("create table pets (name)")
        [(_, _, path)] = (await connection.exec_driver_sql("pragma database_list")).all()
    await engine.dispose()
    assert Path(path) == HERE / "shop.db"
"""
    for _ in range(2):
        record = run(answer, files, varied=())
        assert [test.outcome for test in record.tests] == ["passed"], record
        assert "shop.db" in record.ran["left"]


def test_tables_and_their_relationships_are_used_as_if_imported_here(run):
    files = {
        "shop/__init__.py": "",
        "shop/base.py": "from sqlalchemy.orm import DeclarativeBase\nclass Base(DeclarativeBase): pass\n",
        "shop/models.py": """
from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship
from shop.base import Base

class Owner(Base):
    __tablename__ = "owners"
    id: Mapped[int] = mapped_column(primary_key=True)

class Pet(Base):
    __tablename__ = "pets"
    id: Mapped[int] = mapped_column(primary_key=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("owners.id"))
    owner: Mapped[Owner] = relationship()
""",
        "conftest.py": "from shop.models import Base\n",
    }
    answer = """
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from shop.models import Base, Owner, Pet

async def test_a():
    engine = create_async_engine("sqlite+aiosqlite://")
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    async with AsyncSession(engine) as session:
        session.add(Pet(id=1, owner=Owner(id=2)))
        await session.commit()
        assert list(await session.scalars(select(Pet.owner_id))) == [2]
    await engine.dispose()
"""
    for _ in range(2):
        record = run(answer, files, varied=())
        assert [test.outcome for test in record.tests] == ["passed"], record


def test_routes_are_used_as_if_imported_here(run):
    files = {
        "shop/__init__.py": "",
        "shop/pets.py": """
from fastapi import APIRouter

router = APIRouter(prefix="/pets")

@router.get("/{name}")
async def pet(name: str):
    return {"name": name}
""",
        "shop/main.py": """
from fastapi import FastAPI
from shop.pets import router

app = FastAPI()
app.include_router(router, prefix="/api")
""",
        "conftest.py": "from shop.main import app\n",
    }
    answer = """
from httpx2 import ASGITransport, AsyncClient
from shop.main import app
from shop.pets import router

async def test_a():
    async with AsyncClient(transport=ASGITransport(app=app), base_url="http://test") as client:
        assert (await client.get("/api/pets/Rex")).json() == {"name": "Rex"}
        router.add_api_route("/{name}/age", lambda name: 3)
        assert (await client.get("/api/pets/Rex/age")).json() == 3
        assert app.url_path_for("pet", name="Rex") == "/api/pets/Rex"
"""
    for _ in range(2):
        record = run(answer, files, varied=())
        assert [test.outcome for test in record.tests] == ["passed"], record


def test_a_module_that_ends_python_ends_its_trial_alone(run):
    files = {**SHOP, "shop/clock.py": "raise SystemExit(3)\n", "conftest.py": "import shop.clock\n"}
    run("def test_a(): pass\n", files, varied=())
    record = run("def test_a(): pass\n")
    assert [test.outcome for test in record.tests] == ["passed"]


def test_a_library_with_a_programs_name_stays(run):
    there = {"conftest.py": "import sys\nTHERE = 'calendar' in sys.modules\n"}
    answer = "import conftest\ndef test_a(): assert conftest.THERE is None\n"
    before = run(answer, there).tests[0].message
    run("def test_a(): pass\n", {**SHOP, "calendar.py": "", "conftest.py": "import shop.clock\n"}, varied=())
    assert run(answer, there).tests[0].message == before
