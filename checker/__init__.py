"""Grades a learner's tests: they must accept correct programs and catch broken ones.

Importing this needs the standard library alone, on any Python: the first run happens on a bare machine.
"""


def load_ipython_extension(ipython):
    """`%load_ext checker` in a notebook."""
    from checker.magics import load_ipython_extension as load

    load(ipython)
