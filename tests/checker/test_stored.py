"""Stored answers are read as they are written, and as changes of one another."""

import pytest

from checker.contract import ContractError, load
from checker.stored import load_answers
from tests.checker.notebooks import code, save

CONTRACT = """
[[exercise]]
id = "7.1"
title = "two numbers"
answer = ["conftest.py", "test_answer.py"]
hints = ["a", "b", "c"]
[exercise.subject]
"shop.py" = "def one(): return 1"
[[exercise.mutant]]
name = "one_is_off"
subject = "shop.py"
find = "return 1"
replace = "return 0"
hint = "h"
"""
CONFTEST = "import pytest\n\n\n@pytest.fixture\ndef one():\n    return 1\n"
TESTS = """def test_a(one):
    assert one == 1


@mark
@mark_too
async def test_b(one):
    assert one == 1


def test_c(one):
    assert one == 1
"""


def derived(name, base="reference", **more):
    lines = [f"{key} = {value!r}\n" for key, value in more.items() if key != "change"]
    changes = [
        f"[[answer.change]]\nfind = {find!r}\nreplace = {replace!r}\n"
        for find, replace in more.get("change", ())
    ]
    head = f"[[answer]]\nexercise = '7.1'\nname = '{name}'\nverdict = 'misses'\nbased_on = '{base}'\n"
    return "".join([head, *lines, *changes])


@pytest.fixture
def stored(tmp_path):
    """Reads stored answers from this text; the reference is `CONFTEST` and `TESTS`."""

    def stored(text):
        cells = [
            code(f"%%exercise 7.1 {name}\n### BEGIN SOLUTION\n{source}### END SOLUTION")
            for name, source in (("conftest.py", CONFTEST), ("test_answer.py", TESTS))
        ]
        save(tmp_path / "solutions", *cells, name="07_small.ipynb")
        (tmp_path / "tests/answers").mkdir(parents=True)
        (tmp_path / "tests/answers/07_small.toml").write_text(text, encoding="utf-8")
        (tmp_path / "07_small.toml").write_text(CONTRACT, encoding="utf-8")
        [exercise] = load(tmp_path / "07_small.toml", {})
        return load_answers(tmp_path, exercise)

    return stored


def test_the_reference_without_a_test(stored):
    [answer] = stored(derived("x", without=["test_b"]))
    assert answer.files["conftest.py"] == CONFTEST
    assert "mark" not in answer.files["test_answer.py"] and "test_b" not in answer.files["test_answer.py"]
    assert answer.files["test_answer.py"].count("def test_") == 2


def test_a_change_finds_its_file(stored):
    [answer] = stored(derived("x", change=[("return 1", "return 2")]))
    assert answer.files == {"conftest.py": CONFTEST.replace("return 1", "return 2"), "test_answer.py": TESTS}


def test_an_answer_can_be_based_on_one_above_it(stored):
    first, second = stored(derived("x", without=["test_b"]) + derived("y", "x", without=["test_c"]))
    assert "test_c" in first.files["test_answer.py"]
    assert second.files["test_answer.py"].rstrip() == "def test_a(one):\n    assert one == 1"


@pytest.mark.parametrize(
    "text, message",
    [
        ("[[answer]\n", "is not valid TOML"),
        (derived("x", "nobody"), "`based_on` names nobody; above it are: reference"),
        (derived("x", without=["test_z"]), "`without` names test_z, which none of its files defines"),
        (derived("x", change=[("one == 1", "one == 2")]), "`find` occurs 3 times in `test_answer.py`"),
        (derived("x", change=[("== 9", "")]), "`find` is in 0 of its files, not in one"),
        (derived("x", change=[("return 1", "return 1")]), "changes nothing"),
        (derived("x") + "text = ''\n", "needs `name`, `verdict`"),
        (
            derived("x").replace("based_on = 'reference'", "without = ['test_a']\ntext = ''"),
            "only with `based_on`",
        ),
        (derived("x", surprise=1), "unknown: surprise"),
        (derived("x", misses=["nobody"]), "names nobody, which the contract does not have"),
        (derived("x").replace("'misses'", "'great'"), "needs `name`, `verdict`"),
    ],
)
def test_a_faulty_one_says_where_and_why(stored, text, message):
    with pytest.raises(ContractError, match="07_small.toml") as caught:
        stored(text)
    assert message in str(caught.value)
