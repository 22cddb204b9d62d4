"""Which cell of a learner's notebook is which of the reference, whatever an editor did to ids and order."""

from dataclasses import replace

from checker.kernel.plan import plan
from tests.checker.clone import said, shown
from tests.checker.notebooks import code, markdown, notebook

LOAD = code("%load_ext checker", cell_id="load", execution_count=1)
PRINT = code("print(1)", cell_id="one", outputs=said(1))
SECOND = code("print(2)", cell_id="two", outputs=said(2))
SOLVED = code("%%exercise 3.1\ndef test_ours(): ...", cell_id="ex", outputs=shown("Exercise 3.1", "Done."))
REFERENCE = notebook(markdown("# Title"), LOAD, PRINT, SECOND, SOLVED)
MINE = replace(SOLVED, source="%%exercise 3.1\ndef test_mine(): ...", outputs=())


def planned(*cells, reference=REFERENCE):
    """(role, changed, text that is expected) of each cell, and the sources that are gone."""
    found = plan(notebook(*cells), reference)
    rows = [(one.role, one.changed, _text(one.outputs)) for one in found.cells]
    return rows, [cell.source for cell in found.deleted]


def _text(outputs):
    return outputs and (outputs[0].get("text") or outputs[0]["data"]["text/plain"])


def without_id(cell):
    """As an editor leaves it that knows no ids: `notebook` gives it the id of its place."""
    return replace(cell, id="lost-" + str(abs(hash(cell.source))))


WHOLE = [
    ("given", False, ()),
    ("given", False, "1\n"),
    ("given", False, "2\n"),
    ("exercise", False, "Exercise 3.1\nDone."),
]


def test_a_notebook_with_its_cells_in_place_expects_all_outputs():
    assert planned(LOAD, PRINT, SECOND, MINE) == (WHOLE, [])


def test_cells_that_lost_their_ids_are_known_by_their_source():
    assert planned(*map(without_id, (LOAD, PRINT, SECOND, MINE))) == (WHOLE, [])


def test_cells_that_swapped_ids_are_known_by_their_source():
    swapped = replace(PRINT, id="two"), replace(SECOND, id="one")
    assert planned(LOAD, *swapped, MINE) == (WHOLE, [])


def test_a_changed_cell_is_known_by_its_id():
    rows, gone = planned(LOAD, replace(PRINT, source="print(10)"), SECOND, MINE)
    assert rows[1] == ("given", True, "1\n")
    assert gone == []


def test_a_changed_cell_without_ids_is_known_by_its_place():
    old = notebook(LOAD, replace(PRINT, source="print(10)"), SECOND, MINE)
    old = replace(old, cells=tuple(replace(cell, id=None) for cell in old.cells))
    assert [(one.role, one.changed) for one in plan(old, REFERENCE).cells] == [
        ("given", False),
        ("given", True),
        ("given", False),
        ("exercise", False),
    ]


def test_spaces_at_the_end_of_a_line_change_nothing():
    rows, _ = planned(LOAD, replace(PRINT, source="print(1)  \n\n"), SECOND, MINE)
    assert rows == WHOLE


def test_a_deleted_cell_is_named():
    rows, gone = planned(LOAD, SECOND, MINE)
    assert gone == ["print(1)"]
    assert rows == [WHOLE[0], *WHOLE[2:]]


def test_a_cell_of_the_learners_own_expects_nothing():
    rows, gone = planned(LOAD, PRINT, code("print('scratch')", cell_id="mine"), SECOND, MINE)
    assert rows[2] == ("added", False, None)
    assert gone == []


def test_a_copied_cell_is_the_learners_own_from_the_second_on():
    rows, _ = planned(LOAD, PRINT, PRINT, SECOND, MINE)
    assert [role for role, *_ in rows] == ["given", "given", "added", "given", "exercise"]


def test_a_solution_in_a_cell_of_its_own_is_what_a_right_answer_prints():
    starter = replace(SOLVED, source="%%exercise 3.1\n", outputs=shown("Exercise 3.1", "Not done yet."))
    solution = code(SOLVED.source, "solution", cell_id="sol", outputs=SOLVED.outputs)
    rows, gone = planned(LOAD, MINE, reference=notebook(LOAD, solution, starter))
    assert rows[1] == ("exercise", False, "Exercise 3.1\nDone.")
    assert gone == []


def test_a_reference_that_was_never_run_expects_nothing():
    rows, _ = planned(LOAD, MINE, reference=notebook(replace(LOAD, execution_count=None), MINE))
    assert rows == [("given", False, None), ("exercise", False, None)]


def test_empty_cells_and_prose_are_not_run():
    rows, _ = planned(LOAD, code("  \n"), markdown("print(1)"), PRINT, SECOND, MINE)
    assert rows == WHOLE


def test_without_a_reference_nothing_is_expected():
    rows, gone = planned(LOAD, PRINT, MINE, reference=None)
    assert rows == [("given", False, None), ("given", False, None), ("exercise", False, None)]
    assert gone == []
