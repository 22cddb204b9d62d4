"""Rewrites the assertions of test files once, for all trials of a grading: pytest would do it anew in each of them.

The warm process parses and compiles a file here; it runs none of it. A trial takes the code where pytest asks for that
of a file with the very same bytes.
"""

from __future__ import annotations

import _imp
import ast
import warnings
from collections.abc import Mapping
from types import CodeType

from _pytest.assertion import rewrite
from program import is_program

LONGEST = 32 * 1024  # characters: the warm process has other things to do
KEPT = 16  # files: of a few answers whose trials take turns
_HOOK = "enable_assertion_pass_hook"  # with it, pytest rewrites in another way


class Rewriter:
    """Holds the code of the last trials' test files. No trial is to find another one's answer here: see `forget`.

    `config`: pytest's own.
    """

    def __init__(self, config) -> None:
        self._config = config
        self._codes: dict[bytes, CodeType | None] = {}

    def forget(self) -> None:
        """For a fork."""
        self._codes.clear()

    def of(self, job: dict) -> dict[bytes, CodeType]:
        """The code of a trial's test files by their bytes, as far as it can be had ahead."""
        if any(_HOOK in text for path, text in job["files"].items() if not path.endswith(".py")):
            return {}
        texts = [
            text
            for path, text in job["files"].items()
            if path.endswith(".py") and not is_program(path) and len(text) <= LONGEST
        ]
        found = {}
        for text in texts:
            source = text.encode("utf-8", "replace")
            found[source] = self._codes.pop(source) if source in self._codes else self._code(text)
        self._codes |= found
        for oldest in list(self._codes)[:-KEPT]:
            del self._codes[oldest]
        return {source: code for source, code in found.items() if code is not None}

    def _code(self, text: str) -> CodeType | None:
        """None where pytest is to do it itself: what it would say is for the trial to hear."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                source = text.encode()
                tree = ast.parse(source, filename="test.py")
                rewrite.rewrite_asserts(tree, source, "test.py", self._config)
                return compile(tree, "test.py", "exec", dont_inherit=True)
        except (Warning, SyntaxError, ValueError, RecursionError, MemoryError):
            return None


def hand_over(codes: Mapping[bytes, CodeType]) -> None:
    """Lets the pytest of this process take them; whatever else it rewrites, it rewrites as ever."""
    itself = rewrite._rewrite_test

    def rewritten_test(path, *rest):
        code = codes.get(path.read_bytes())
        if code is None:
            return itself(path, *rest)
        _imp._fix_co_filename(code, str(path))
        return b"", code  # the hash of the source, which only a file of bytecode would need

    rewrite._rewrite_test = rewritten_test
