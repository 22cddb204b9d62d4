"""A disguised program is another text that does the same."""

import ast
import hashlib
import random
import subprocess
import sys

import pytest

from checker.bootstrap import ROOT
from checker.contract import load_all
from checker.engine.disguise import disguise, reveal

SHOP = '''\
"""A shop."""
from functools import cache

TAX = 2

def price(n, *, tax=TAX):
    """What it costs."""
    net = n * 3
    try:
        total = net + tax
    except TypeError as wrong:
        raise ValueError(str(wrong))
    return total

def rebate(n):
    lines = [item * 2 for item in range(n)]
    def inner():
        return lines
    return sum(inner())

@cache
def stock(n):
    """Decorated."""
    kept = n
    return kept

def seen(n):
    secret = n
    return locals()

class Till:
    """A till."""
    open = 1
    shut = open + 1

    def add(self, n):
        self.sum = n
        return self.sum
'''


def changed(text: str = SHOP, seed: int = 0):
    return disguise(text, random.Random(seed))


def loaded(text: str) -> dict:
    space: dict = {}
    exec(compile(text, "shop.py", "exec"), space)
    return space


@pytest.mark.parametrize("seed", range(20))
def test_it_does_the_same(seed):
    space = loaded(changed(seed=seed).text)
    assert space["price"](2) == 8 and space["price"](2, tax=1) == 7
    assert space["rebate"](3) == 6 and space["stock"](4) == 4
    assert space["seen"](5) == {"n": 5, "secret": 5}
    assert (space["Till"].open, space["Till"].shut, space["Till"]().add(6)) == (1, 2, 6)
    with pytest.raises(ValueError, match="unsupported operand"):
        space["price"](2, tax="")


def test_neither_text_nor_lines_nor_bytecode_nor_names_tell_it():
    texts = [changed(seed=seed).text for seed in range(10)]
    functions = [loaded(text)["price"] for text in texts]
    for fingerprint in (
        [hashlib.sha256(text.encode()).hexdigest() for text in texts],
        [function.__code__.co_code for function in functions],
        [function.__code__.co_varnames for function in functions],
        [function.__doc__ for function in functions],
    ):
        assert len(set(fingerprint)) > 5
    assert len({function.__code__.co_firstlineno for function in functions}) > 1


def test_what_is_seen_from_outside_a_function_stays():
    tree = ast.parse(changed().text)
    functions = {node.name: node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    assert [one.arg for one in functions["price"].args.args + functions["price"].args.kwonlyargs] == ["n", "tax"]
    assert ast.get_docstring(functions["stock"]) == "Decorated."
    assert ast.get_docstring(tree) == "A shop."
    assert "secret" in ast.unparse(functions["seen"])
    assert "lines" in ast.unparse(functions["rebate"])  # a closure reads it
    last, till = [node for node in tree.body if isinstance(node, (ast.ClassDef, ast.FunctionDef))][-2:]
    assert (last.name, till.name) == ("seen", "Till")  # what stands alone between others stays there


@pytest.mark.parametrize(
    "kept",
    [
        "def f():\n    global x\n    x = 1\n    return x\n",
        "def f():\n    import json as x\n    return x.dumps(1)\n",
        "def f(v):\n    match v:\n        case [x, *y]: return x, y\n        case {'a': x, **z}: return x, z\n",
        "def f():\n    x = 1\n    return eval('x')\n",
        "def f():\n    x = 1\n    return (lambda: x)()\n",
        "def f():\n    x = 1\n    class C:\n        y = x\n    return C.y\n",
        "def f():\n    return [y := 1 for _ in range(2)], y\n",
        "def f():\n    x = [1]\n    return [x for x in x]\n",
        "def f():\n    x = 5\n    return f'{x=}'\n",
        "def f():\n    x = 0\n    def g():\n        nonlocal x\n        x += 1\n        return x\n    return g() + x\n",
        "def f():\n    for x, (y, z) in [(1, (2, 3))]:\n        pass\n    return x + y + z\n",
        "def f():\n    x: int = 1\n    x += 1\n    del x\n    return 'gone'\n",
        "def g(a=1): return a\ndef f(b=g): return b()\n",
        "def f(): return 1\ndef f(): return 2\n",
        "def f():\n    'a docstring'\n    return f.__doc__\n",
    ],
    ids=range(15),
)
def test_scopes_are_understood(kept):
    argument = ([1, 2],) if "match" in kept else ()
    expected = loaded(kept)["f"](*argument)
    for seed in range(10):
        assert loaded(changed(kept, seed).text)["f"](*argument) == expected


def test_a_text_that_is_no_python_stays_as_it_is():
    assert changed("def f(:\n").text == "def f(:\n"


def test_frames_and_names_are_led_back_to_the_real_program():
    one = changed(seed=1)
    hidden = {old: new for new, old in one.names.items()}
    line = next(
        number
        for number, text in enumerate(one.text.split("\n"), 1)
        if text.strip().startswith("return " + hidden["total"])
    )
    said = (
        f"test_answer.py:3: in test_a\n    price(1)\nshop.py:{line}: in price\n    return {hidden['total']}\n"
        f"           ^^^\nE   NameError: name '{hidden['net']}' is not defined\nshop.py:{line}: NameError"
    )
    assert reveal(said, {"shop.py": one}).split("\n") == [
        "test_answer.py:3: in test_a",
        "    price(1)",
        "shop.py:13: in price",
        "    return total",
        "E   NameError: name 'net' is not defined",
        "shop.py:13: NameError",
    ]


def test_every_version_of_every_exercise_can_be_disguised():
    chance = random.Random(0)
    for exercise in load_all(ROOT).values():
        for one in (*exercise.variants, *exercise.mutants):
            if one.edit and one.edit.path.endswith(".py") and not one.edit.path.rpartition("/")[2].startswith("test_"):
                text = exercise.version(one.edit)[one.edit.path]
                new = disguise(text, chance)
                compile(new.text, one.edit.path, "exec")
                assert new.text != text
                assert all(1 <= old <= text.count("\n") + 1 for old in new.lines.values())


def test_the_apps_own_tests_pass_on_a_disguised_app(tmp_path):
    chance = random.Random(1)
    for folder in ("app", "tests/app"):
        for path in (ROOT / folder).rglob("*.py"):
            text = path.read_text(encoding="utf-8")
            copy = tmp_path / path.relative_to(ROOT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_text(disguise(text, chance).text if folder == "app" else text, encoding="utf-8")
    mark = "from pathlib import Path\nPath(__file__).with_name('imported').touch()\n"
    with (tmp_path / "app" / "__init__.py").open("a") as file:
        file.write(mark)
    (tmp_path / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text())
    # Not those of PostgreSQL: it may be absent, and nothing here would say that they were left out.
    options = ["-q", "-p", "no:nbval", "-p", "no:cacheprovider", "-m", "not postgres"]
    command = [sys.executable, "-P", "-m", "pytest", *options, "tests/app"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:]
    assert " passed" in done.stdout and (tmp_path / "app" / "imported").exists()
