"""Markers part a cell into reference and starter; a marker that would leak the solution is an error."""

import ast
from textwrap import dedent

import pytest

from checker.notebook.markers import BuildError, has_marker, without_markers, without_solutions


def parts(source):
    source = dedent(source)
    return without_solutions(source, "cell 4"), without_markers(source, "cell 4")


def test_a_block_becomes_a_placeholder():
    starter, reference = parts("""\
        import pytest

        ### BEGIN SOLUTION
        async def test_a():
            assert await f() == 1
        ### END SOLUTION
        """)
    assert starter == "import pytest\n\n# Your code here.\n"
    assert reference == "import pytest\n\nasync def test_a():\n    assert await f() == 1\n"


def test_a_block_that_is_the_whole_body_leaves_an_ellipsis():
    starter, reference = parts("""\
        async def test_a(session):  # given
            ### BEGIN SOLUTION
            assert await f(session) == 1
            ### END SOLUTION

        async def test_b():
            pass
        """)
    assert starter.startswith(
        "async def test_a(session):  # given\n    # Your code here.\n    ...\n\nasync def test_b"
    )
    assert "..." not in reference
    ast.parse(starter)


def test_a_block_beside_other_statements_leaves_no_ellipsis():
    starter, _ = parts("""\
        async def test_a():
            '''Docstring.'''
            ### BEGIN SOLUTION
            user = await f()
            ### END SOLUTION
        def test_b():
            ### BEGIN SOLUTION
            user = f()
            ### END SOLUTION
            assert user
        """)
    assert starter == dedent("""\
        async def test_a():
            '''Docstring.'''
            # Your code here.
        def test_b():
            # Your code here.
            assert user
        """)


@pytest.mark.parametrize(
    "source",
    [
        "def f(\n    a,\n) -> int:\n    ### BEGIN SOLUTION\n    return a\n    ### END SOLUTION",
        "def f():\n    # A remark.\n\n    ### BEGIN SOLUTION\n\n    return 1\n    ### END SOLUTION\n",
        "def f():\n### BEGIN SOLUTION\n    return 1\n### END SOLUTION\n",
        "with a:\n\t### BEGIN SOLUTION\n\tb()\n\t### END SOLUTION\nc()",
        "try:\n    ### BEGIN SOLUTION\n    b()\n    ### END SOLUTION\nfinally:\n    pass",
        "def f():\n    ### BEGIN SOLUTION\n    a()\n    ### END SOLUTION\n    ### BEGIN SOLUTION\n    b()\n"
        "    ### END SOLUTION\n",
        "class TestA:\n    ### BEGIN SOLUTION\n    def test_a(self): pass\n    ### END SOLUTION",
        "x = [\n    ### BEGIN SOLUTION\n    1,\n    ### END SOLUTION\n]",
    ],
)
def test_starter_and_reference_of_python_are_python(source):
    for text in parts(source):
        ast.parse(text)
        assert not has_marker(text)


def test_a_cell_without_markers_is_both():
    assert parts("x = 1\n# BEGIN\n") == ("x = 1\n# BEGIN\n",) * 2


@pytest.mark.parametrize(
    "source, expected",
    [
        (
            "x = 1\n### BEGIN SOLUTION\nx = 2",
            "cell 4, line 2: `### BEGIN SOLUTION` is never closed. "
            "Write `### END SOLUTION` below the solution.",
        ),
        (
            "x = 2\n### END SOLUTION",
            "cell 4, line 2: `### END SOLUTION` without a beginning. "
            "Write `### BEGIN SOLUTION` above it, or delete the line.",
        ),
        (
            "### BEGIN SOLUTION\nx = 1\n### BEGIN SOLUTION\nx = 2\n### END SOLUTION\n### END SOLUTION",
            "cell 4, line 3: `### BEGIN SOLUTION` inside the block that line 1 opened. "
            "Close that one first: blocks cannot be nested.",
        ),
        (
            "### BEGIN SOLUTION\nx\n### END SOLUTION\n### END SOLUTION",
            "cell 4, line 4: `### END SOLUTION` without a beginning. "
            "Write `### BEGIN SOLUTION` above it, or delete the line.",
        ),
        (
            "x\n### BEGIN SOLUTION\n \n### END SOLUTION",
            "cell 4, line 2: the block is empty. Write the solution in it, or delete its markers.",
        ),
    ],
)
def test_markers_that_do_not_match_are_an_error(source, expected):
    for part in (without_solutions, without_markers):
        with pytest.raises(BuildError) as caught:
            part(source, "cell 4")
        assert str(caught.value) == expected


@pytest.mark.parametrize(
    "line",
    [
        "## BEGIN SOLUTION",
        "###BEGIN SOLUTION",
        "### begin solution",
        "### BEGIN SOLUTION:",
        "x = 1  ### BEGIN SOLUTION",
        "#### END SOLUTION",
        "### END_SOLUTION",
        "### BEGIN SOLUTIONS",
    ],
)
def test_a_line_that_is_nearly_a_marker_is_an_error(line):
    with pytest.raises(BuildError) as caught:
        without_solutions(line, "cell 4")
    assert str(caught.value) == (
        f"cell 4, line 1: `{line}` is not a marker. "
        "Write exactly `### BEGIN SOLUTION` or `### END SOLUTION`, alone on its line."
    )
