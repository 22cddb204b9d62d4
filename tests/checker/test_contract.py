import pytest

from checker.contract import ContractError, UnknownExercise, find, lessons, load, load_all, subject_of

HEAD = """
[[exercise]]
id = "7.1"
title = "t"
answer = "test_answer.py"
hints = ["a", "b", "c"]
[exercise.subject]
"shop.py" = '''
N = 1
M = 1
'''
"""
VARIANT = """
[[exercise.variant]]
name = "other"
subject = "shop.py"
find = "N = 1"
replace = "N = 2 - 1"
note = "right too"
"""
MUTANT = """
[[exercise.mutant]]
name = "off"
subject = "shop.py"
find = "N = 1"
replace = "N = 2"
hint = "somebody suffers"
"""


@pytest.fixture
def written(tmp_path):
    """Writes a contract file of lesson 7 and loads it."""

    def written(text: str, app=None):
        path = tmp_path / "07_small.toml"
        path.write_text(text, encoding="utf-8")
        return load(path, app or {})

    return written


def test_a_contract_becomes_frozen_data(written):
    [exercise] = written(HEAD + VARIANT + MUTANT)
    assert (exercise.id, exercise.lesson, exercise.kind) == ("7.1", "07_small", "tests")
    assert exercise.version(exercise.mutants[0].edit)["shop.py"] == "N = 2\nM = 1\n"
    assert exercise.version() == {"shop.py": "N = 1\nM = 1\n"}
    with pytest.raises(AttributeError):
        exercise.title = "other"
    with pytest.raises(TypeError):
        exercise.subject["shop.py"] = ""


def test_the_app_is_the_subject_unless_the_contract_brings_one(written):
    [exercise] = written(HEAD.split("[exercise.subject]")[0], app={"app/__init__.py": "A = 1\n"})
    assert exercise.version() == {"app/__init__.py": "A = 1\n"}


def test_given_files_are_shared_and_can_be_replaced(written):
    shared = "[given]\n'conftest.py' = 'A = 1'\n'helper.py' = 'B = 1'\n"
    [exercise] = written(shared + HEAD + "[exercise.given]\n'helper.py' = 'B = 2'\n")
    assert exercise.given == {"conftest.py": "A = 1", "helper.py": "B = 2"}


def test_an_exercise_may_do_without_the_shared_files(written):
    shared = "[given]\n'conftest.py' = 'A = 1'\n"
    [exercise] = written(shared + HEAD.replace("[exercise.subject]", "shared = false\n[exercise.subject]"))
    assert exercise.given == {}


def test_what_a_command_must_do_may_be_asked_of_a_changed_suite(written):
    wants = "wants = { runs = ['test_a'] }\n"
    [exercise] = written(HEAD.replace("test_answer.py", "command.txt") + MUTANT + wants)
    [demand] = exercise.mutants
    assert exercise.version(demand.edit)["shop.py"] == "N = 2\nM = 1\n"
    assert demand.wants == {"runs": ["test_a"]}


@pytest.mark.parametrize(
    "answer, kind",
    [("conftest.py", "fixture"), ("pytest.toml", "config"), ("prediction.py", "predict"), ("command.txt", "command")],
)
def test_the_file_that_the_answer_becomes_says_its_kind(written, answer, kind):
    [exercise] = written(HEAD.replace("test_answer.py", answer))
    assert exercise.kind == kind


def test_the_answers_own_file_is_not_given_too(written):
    [exercise] = written("[given]\n'conftest.py' = 'A = 1'\n" + HEAD.replace("test_answer.py", "conftest.py"))
    assert "conftest.py" not in exercise.given


@pytest.mark.parametrize(
    "text, message",
    [
        ("", "has no [[exercise]]"),
        ("[[exercise]\n", "is not valid TOML"),
        (HEAD.replace("7.1", "8.1"), "must be 7.N"),
        (HEAD + HEAD, "exercise 7.1 is there 2 times"),
        (HEAD.replace("hints", "hnits"), "unknown key 'hnits'; did you mean 'hints'?"),
        (HEAD.replace('title = "t"', ""), "`title` is missing"),
        (HEAD.replace("test_answer.py", "answer.py"), "`answer` is 'answer.py'; it is one of"),
        (HEAD + MUTANT.replace("N = 1", "K = 1"), "`find` occurs 0 times in `shop.py`"),
        (HEAD + MUTANT.replace('"N = 1"', '" = 1"'), "`find` occurs 2 times in `shop.py`"),
        (HEAD + MUTANT.replace("shop.py", "shp.py"), "no file `shp.py` to change; near: shop.py"),
        (HEAD + MUTANT.replace('"N = 2"', '"N = "'), "does not compile"),
        (HEAD + MUTANT.replace('"N = 2"', '"N = 1"'), "changes nothing"),
        (HEAD + MUTANT + MUTANT.replace("off", "again"), "is the same program as off"),
        (HEAD + VARIANT.replace("other", "off") + MUTANT, "the name off is used 2 times"),
        (HEAD + MUTANT.replace('hint = "somebody suffers"', ""), "`hint` is missing"),
        (HEAD + MUTANT + 'expect = "sorrow"\n', "`expect` is 'sorrow'"),
        (HEAD + MUTANT + 'tests = ["test_a"]\n', "exactly one of"),
        (HEAD + VARIANT.replace('replace = "N = 2 - 1"', ""), "give `find` and `replace`"),
    ],
)
def test_a_faulty_contract_says_what_and_where(written, tmp_path, text, message):
    with pytest.raises(ContractError) as error:
        written(text)
    assert message in str(error.value)
    assert str(tmp_path / "07_small.toml") in str(error.value)


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(ContractError, match="cannot be read"):
        load(tmp_path / "07_small.toml", {})


def test_every_contract_of_the_project_loads(pytestconfig):
    exercises = load_all(pytestconfig.rootpath)
    assert {exercise.lesson for exercise in exercises.values()} == set(lessons())
    assert all("app/main.py" in exercise.subject or exercise.own_subject for exercise in exercises.values())


def test_an_unknown_exercise_names_the_nearest(pytestconfig):
    with pytest.raises(UnknownExercise, match=r"There is no exercise '4.9'. Near: 4\."):
        find("4.9", pytestconfig.rootpath)


def test_the_app_is_read_as_text(pytestconfig):
    subject = subject_of(pytestconfig.rootpath)
    assert "async def create_user" in subject["app/services/user_service.py"]
