"""Structure of Python files by the standard library's `ast`: needs no package, reads nothing of broken code."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import accumulate

from agent.repository.source.outline import Assigned, Definition, Outline, Span
from agent.repository.source.symbols import Import

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_BLOCKS = ("body", "handlers", "orelse", "finalbody", "cases")


def parse_with_ast(data: bytes, offset: int, line: int) -> Outline:
    """The structure of a part of a file that begins at this byte and, counted from 0, at this line; nothing but a
    broken region where it has a syntax error.
    """
    lines = data.count(b"\n") + (not data.endswith(b"\n"))
    empty = Definition("module", "", line + 1, line + max(lines, 1), (offset, offset))
    try:
        tree = ast.parse(data)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return Outline(empty, broken=((line + 1, line + max(lines, 1)),))
    starts = tuple(accumulate((len(part) for part in data.splitlines(keepends=True)), initial=0))
    walk = _Walk(starts, offset, line)
    inner, assigned = walk.level(tree.body)
    module = replace(empty, doc=walk.doc(tree.body), inner=inner, assigned=assigned)
    return Outline(module, tuple(walk.imports))


@dataclass
class _Walk:
    """Places in a piece of a file, and the imports found in it so far."""

    starts: tuple[int, ...]
    offset: int
    line: int
    imports: list[Import] = field(default_factory=list)

    def span(self, node: ast.expr | ast.stmt) -> Span:
        end_line, end_column = node.end_lineno or node.lineno, node.end_col_offset or 0
        return self.byte(node.lineno, node.col_offset), self.byte(end_line, end_column)

    def byte(self, line: int, column: int) -> int:
        return self.offset + self.starts[line - 1] + column

    def doc(self, body: list[ast.stmt]) -> Span | None:
        first = body[0] if body else None
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
            return self.span(first.value)
        return None

    def level(self, body: list[ast.stmt]) -> tuple[tuple[Definition, ...], tuple[Assigned, ...]]:
        """The definitions and assignments of a block, those in its compound statements included."""
        inner: list[Definition] = []
        assigned: list[Assigned] = []
        for node in _statements(body):
            if isinstance(node, ast.ClassDef | _Function):
                inner.append(self.definition(node))
            elif names := tuple(_assigned_names(node)):
                assigned.append(Assigned(names, self.line + node.lineno, self.line + (node.end_lineno or node.lineno)))
            elif isinstance(node, ast.Import | ast.ImportFrom):
                self.imports += _imports(node, self.line)
        return tuple(inner), tuple(assigned)

    def definition(self, node: ast.ClassDef | _Function) -> Definition:
        inner, assigned = self.level(node.body)
        kind = "class" if isinstance(node, ast.ClassDef) else "function"
        begin: list[ast.stmt | ast.expr] = [node.body[0], *_decorators(node.body[0])]
        first, column = min((part.lineno, part.col_offset) for part in begin)
        return Definition(
            kind="class" if kind == "class" else "function",
            name=node.name,
            first=self.line + min(part.lineno for part in (node, *node.decorator_list)),
            last=self.line + (node.end_lineno or node.lineno),
            head=(self.byte(node.lineno, node.col_offset), self.byte(first, column)),
            decorators=tuple(self.span(part) for part in node.decorator_list),
            doc=self.doc(node.body),
            inner=inner,
            assigned=assigned,
        )


def _decorators(node: ast.stmt) -> list[ast.expr]:
    return node.decorator_list if isinstance(node, ast.ClassDef | _Function) else []


def _statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements of a block and of its compound statements, without what is inside of definitions."""
    for node in body:
        yield node
        if not isinstance(node, ast.ClassDef | _Function):
            for block in _BLOCKS:
                for part in getattr(node, block, ()):
                    yield from _statements([part] if isinstance(part, ast.stmt) else part.body)


def _assigned_names(node: ast.stmt) -> Iterator[str]:
    if isinstance(node, ast.Assign):
        for target in node.targets:
            yield from _target_names(target)
    elif isinstance(node, ast.AnnAssign):
        yield from _target_names(node.target)
    elif (alias := getattr(ast, "TypeAlias", None)) and isinstance(node, alias):
        yield from _target_names(getattr(node, "name"))  # noqa: B009 - not in the types of Python 3.11


def _target_names(target: ast.expr) -> Iterator[str]:
    if isinstance(target, ast.Name):
        yield target.id
    elif isinstance(target, ast.Tuple | ast.List):
        for part in target.elts:
            yield from _target_names(part)
    elif isinstance(target, ast.Starred):
        yield from _target_names(target.value)


def _imports(node: ast.Import | ast.ImportFrom, line: int) -> Iterator[Import]:
    at = line + node.lineno
    for alias in node.names:
        if isinstance(node, ast.Import):
            yield Import(alias.name, "", alias.asname or alias.name.partition(".")[0], at)
        else:
            module = "." * node.level + (node.module or "")
            yield Import(module, alias.name, alias.asname or alias.name, at)
