"""Other writings of a function that do the same: renamed locals, swapped statements, turned branches, comments."""

from __future__ import annotations

import ast
import builtins
import textwrap
from collections.abc import Callable, Iterator

from benchmarks.repository_tasks.definitions import Function

Writing = Callable[[str], str | None]
"""Another text of a function, without indentation of its first line; None where the rule does not fit it."""


def renamed(text: str) -> str | None:
    """The function with its local variables renamed."""
    function = _function(text)
    names = _locals(function) if function else set()
    if function is None or not names:
        return None
    new = {name: f"{name}_value" for name in names}
    if set(new.values()) & {node.id for node in ast.walk(function) if isinstance(node, ast.Name)}:
        return None
    lines = [line.encode() for line in text.splitlines(keepends=True)]
    places = [node for node in ast.walk(function) if isinstance(node, ast.Name) and node.id in new]
    for node in sorted(places, key=lambda each: (each.lineno, each.col_offset), reverse=True):
        line, end = lines[node.lineno - 1], node.col_offset + len(node.id.encode())
        lines[node.lineno - 1] = line[: node.col_offset] + new[node.id].encode() + line[end:]
    return b"".join(lines).decode()


def commented(text: str) -> str | None:
    """The function with a comment in front of its first statement."""
    function = _function(text)
    body = _after_docstring(function) if function else []
    if not body:
        return None
    lines = text.splitlines(keepends=True)
    at = _first_line(body[0]) - 1
    lines.insert(at, " " * body[0].col_offset + "# Covers the case that was reported as well.\n")
    return "".join(lines)


def unparsed(text: str) -> str | None:
    """The function as Python's own printer writes it: no comments, one layout."""
    function = _function(text)
    return ast.unparse(function) + "\n" if function else None


def turned(text: str) -> str | None:
    """The function with its first `if`/`else` turned around: the condition negated, the branches swapped."""
    function = _function(text)
    for node in ast.walk(function) if function else ():
        if isinstance(node, ast.If) and node.orelse and not isinstance(node.orelse[0], ast.If):
            node.test = ast.UnaryOp(ast.Not(), node.test)
            node.body, node.orelse = node.orelse, node.body
            assert function
            return ast.unparse(ast.fix_missing_locations(function)) + "\n"
    return None


def swapped(text: str) -> str | None:
    """The function with two neighbouring assignments swapped that do not depend on each other."""
    function = _function(text)
    for body in _bodies(function) if function else ():
        for at in range(len(body) - 1):
            if _independent(body[at], body[at + 1]):
                body[at], body[at + 1] = body[at + 1], body[at]
                assert function
                return ast.unparse(function) + "\n"
    return None


WRITINGS: dict[str, Writing] = {
    "renamed": renamed,
    "commented": commented,
    "unparsed": unparsed,
    "turned": turned,
    "swapped": swapped,
}
"""All rules by name."""


def rewritten(text: str, writing: Writing) -> str | None:
    """The function, indented as before, after a rule was applied."""
    plain = textwrap.dedent(text)
    made = writing(plain)
    first = next(line for line in text.splitlines() if line.strip())
    return None if made is None else textwrap.indent(made, first[: len(first) - len(first.lstrip())])


def _function(text: str) -> Function | None:
    try:
        node = ast.parse(text).body[0]
    except (SyntaxError, IndexError):
        return None
    return node if isinstance(node, Function) else None


def _locals(function: Function) -> set[str]:
    """Variables that the function binds by assignment, and that no inner scope and no string mentions."""
    arguments = {node.arg for node in ast.walk(function) if isinstance(node, ast.arg)}
    bound = {node.id for node in ast.walk(function) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    hands_off = arguments | set(dir(builtins))
    for node in ast.walk(function):
        match node:
            case ast.Global(names=names) | ast.Nonlocal(names=names):
                hands_off |= set(names)
            case ast.JoinedStr():
                # Columns of names inside an f-string are only right from Python 3.12 on.
                hands_off |= {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
            case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                hands_off.add(name)
            case ast.MatchMapping(rest=str(name)):
                hands_off.add(name)
            case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                hands_off |= {(alias.asname or alias.name).split(".")[0] for alias in aliases}
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                hands_off.add(name)
            case ast.Name(id="locals" | "vars" | "eval" | "exec"):
                return set()
    return bound - hands_off


def _after_docstring(function: Function) -> list[ast.stmt]:
    return function.body[1:] if ast.get_docstring(function, clean=False) is not None else function.body


def _first_line(statement: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    return min([statement.lineno, *(each.lineno for each in decorators)])


def _bodies(function: Function) -> Iterator[list[ast.stmt]]:
    for node in ast.walk(function):
        for field in ("body", "orelse"):
            statements = getattr(node, field, None)
            if isinstance(statements, list) and statements and isinstance(statements[0], ast.stmt):
                yield statements


def _independent(first: ast.stmt, second: ast.stmt) -> bool:
    """Whether both bind one name each to a value without calls, and neither uses the other's name."""
    sides = []
    for statement in (first, second):
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if not _calls(value):
                sides.append((name, {each.id for each in ast.walk(value) if isinstance(each, ast.Name)}))
            case _:
                return False
    (a, uses_a), (b, uses_b) = sides
    return a != b and a not in uses_b and b not in uses_a


def _calls(value: ast.expr) -> bool:
    kinds = (ast.Call, ast.Await, ast.Yield, ast.YieldFrom, ast.NamedExpr, ast.Subscript, ast.Attribute)
    return any(isinstance(node, kinds) for node in ast.walk(value))
