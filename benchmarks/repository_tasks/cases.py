"""Single test functions, and test files made of them."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Case:
    """One test function that needs nothing but its imports."""

    name: str
    imports: tuple[str, ...]
    text: str
    """The function, ending with a line break."""

    @property
    def file(self) -> str:
        """The text of a test file with this function alone."""
        return test_file([self])


def test_file(cases: Sequence[Case]) -> str:
    """A test file with these functions; names must differ."""
    imports = sorted(
        {line for case in cases for line in case.imports}, key=lambda line: (line.startswith("from"), line)
    )
    return "\n\n\n".join(["\n".join(imports), *(case.text.rstrip() for case in cases)]).lstrip() + "\n"


def case(name: str, imports: Iterable[str], body: Sequence[ast.stmt]) -> Case:
    """A test function with these statements."""
    function = ast.parse(f"def {name}():\n    pass").body[0]
    assert isinstance(function, ast.FunctionDef)
    function.body = list(body)
    return Case(name, tuple(imports), ast.unparse(ast.fix_missing_locations(function)) + "\n")


def names_in(nodes: Iterable[ast.AST]) -> set[str]:
    """All names that the code uses or binds."""
    return {each.id for node in nodes for each in ast.walk(node) if isinstance(each, ast.Name)}


def defined(source: str) -> set[str]:
    """Names of functions, classes and variables that a module binds at its top level, imports left out."""
    found: set[str] = set()
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Assign):
            found |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return found


def example(text: str) -> tuple[ast.Call, ast.expr] | None:
    """The call and the expected value of a test whose only statement is `assert f(literals) == literal`."""
    function = ast.parse(text).body[0]
    assert isinstance(function, ast.FunctionDef)
    match function.body:
        case [ast.Assert(test=ast.Compare(left=ast.Call() as call, ops=[ast.Eq()], comparators=[value]))]:
            parts = [*call.args, value]
            if isinstance(call.func, ast.Name) and not call.keywords and all(map(is_literal, parts)):
                return call, value
    return None


def is_literal(node: ast.expr) -> bool:
    """Whether the expression is a Python literal."""
    try:
        ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError):
        return False
    return True
