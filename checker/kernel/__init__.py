"""A learner's notebook from top to bottom in a fresh kernel, by nbval.

`plan` says what each cell is and what it should print, `run` runs it, `plugin` is what the pytest process of
that run loads beside nbval.
"""
