import pytest

from app.question_bank import SKILL_AREAS, questions_for


def test_there_are_three_skill_areas():
    assert SKILL_AREAS == ("fundamentals", "advanced", "strategy")


@pytest.mark.parametrize(
    "skill_area, weights",
    [("fundamentals", [1, 1, 2, 3]), ("advanced", [1, 2, 3, 3]), ("strategy", [2, 3, 3, 3])],
)
def test_every_area_has_four_weighted_questions(skill_area, weights):
    assert [question.weight for question in questions_for([skill_area])] == weights


def test_no_question_is_asked_twice():
    texts = [question.text for question in questions_for(SKILL_AREAS)]
    assert len(set(texts)) == len(texts)


def test_questions_come_in_the_order_of_the_areas():
    areas = [question.skill_area for question in questions_for(["strategy", "fundamentals"])]
    assert areas == ["strategy"] * 4 + ["fundamentals"] * 4


def test_an_unknown_area_has_no_questions():
    with pytest.raises(KeyError, match="cooking"):
        list(questions_for(["cooking"]))
