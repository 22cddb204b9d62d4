"""A learner's notebook from top to bottom in a fresh kernel, by nbval.

`plan` says what each cell is and what it should print, `run` runs it, `plugin` is what the pytest process of
that run loads beside nbval.
"""

from pathlib import Path

SANITIZED = Path(__file__).parent / "pythons.cfg"
"""What is brought to one form before outputs are compared: the words that differ from one Python to the next."""

SOCKETS = "CHECKER_KERNEL_SOCKETS"
"""The variable that holds where a kernel in a sandbox listens: a path to which a number is added. Unset, it is none."""
