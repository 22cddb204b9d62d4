"""Notes which functions of a program run, without a change of what they do: each one begins with a call of its own.

Imports nothing of the checker, as it runs beside a learner's code.
"""

from __future__ import annotations

import ast
from functools import lru_cache

NOTE = "__assert_await_note__"  # the name in each module by which its functions report
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


class _Noting(ast.NodeTransformer):
    """Functions within a function, and classes in it, report under the name of the outermost one."""

    def __init__(self, path: str) -> None:
        self.path, self.names, self.key = path, [], ""

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.ClassDef:
        self.names.append(node.name)
        self.generic_visit(node)
        self.names.pop()
        return node

    def visit_FunctionDef(self, node):
        outermost = not self.key
        if outermost:
            self.key = f"{self.path}::{'.'.join([*self.names, node.name])}"
        self.generic_visit(node)
        report = ast.parse(f"{NOTE}({self.key!r})").body[0]
        begins = 1 if ast.get_docstring(node, clean=False) is not None else 0
        beside = node.body[min(begins, len(node.body) - 1)]
        for part in ast.walk(report):
            ast.copy_location(part, beside)
        node.body.insert(begins, report)
        if outermost:
            self.key = ""
        return node

    visit_AsyncFunctionDef = visit_FunctionDef


def noting(path: str, text: str) -> ast.Module:
    """The program text with a call `NOTE("path::name")` at the beginning of each function. Raises `SyntaxError`."""
    return _Noting(path).visit(ast.parse(text, path))


@lru_cache(maxsize=1024)
def function_at(path: str, text: str, line: int) -> str:
    """The name under which the function that holds a line reports; empty where the line is in none."""

    def search(node: ast.AST, names: list[str]) -> str:
        for child in ast.iter_child_nodes(node):
            if getattr(child, "lineno", line + 1) <= line <= (getattr(child, "end_lineno", None) or 0):
                own = [*names, child.name] if isinstance(child, (ast.ClassDef, *_FUNCTIONS)) else names
                return f"{path}::{'.'.join(own)}" if isinstance(child, _FUNCTIONS) else search(child, own)
        return ""

    return search(ast.parse(text), [])
