"""Generated tests that are written differently and are the same test."""

from __future__ import annotations

import ast
from collections.abc import Mapping


def repeats(sources: Mapping[str, str]) -> dict[str, str]:
    """The tests that repeat an earlier one of these, by name, each with the name of the first that it equals.

    Two tests are equal if their code differs in nothing but comments, layout, docstrings, the order of imports, and the
    names of test functions and of their local variables.
    """
    first: dict[str, str] = {}
    found: dict[str, str] = {}
    for name, source in sources.items():
        original = first.setdefault(normalised(source), name)
        if original != name:
            found[name] = original
    return found


def normalised(source: str) -> str:
    """A text that is equal for equal tests; the source itself where it is not valid Python."""
    try:
        module = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return source
    imports, others = [], []
    for statement in module.body:
        if isinstance(statement, ast.Import | ast.ImportFrom):
            imports.append(ast.dump(statement))
        elif not _is_text(statement):
            others.append(ast.dump(_Plain().visit(statement)))
    return "\n".join([*sorted(set(imports)), *others])


def _is_text(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


class _Plain(ast.NodeTransformer):
    """Gives test functions and their local variables plain names, and drops texts that stand alone."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        if node.name.startswith("test"):
            node.name = "test"
            bound = [
                each.id for each in ast.walk(node) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)
            ]
            shared = {name for each in ast.walk(node) if isinstance(each, ast.Global) for name in each.names}
            names = dict.fromkeys(name for name in bound if name not in shared)
            plain = {name: f"local_{number}" for number, name in enumerate(names)}
            for each in ast.walk(node):
                if isinstance(each, ast.Name):
                    each.id = plain.get(each.id, each.id)
        node.body = [statement for statement in node.body if not _is_text(statement)] or [ast.Pass()]
        return node
