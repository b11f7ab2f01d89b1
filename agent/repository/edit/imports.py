"""Merges the imports that an answer shows into a module."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from agent.repository.edit.scan import LogicalLine, Scanned, scan
from agent.repository.edit.text_file import TextFile

_DEFINES = ("def ", "async def ", "class ", "@")
_LONGEST = 100
"""Columns to which a line `from x import ...` may grow."""


@dataclass(frozen=True)
class ImportedName:
    """One name that an import binds."""

    module: str
    """The module, with a dot for each level of a relative import."""
    name: str
    """The name taken from the module; empty where the module itself is imported."""
    alias: str
    """The name after `as`; empty without."""

    @property
    def bound(self) -> str:
        """The name that the module gets."""
        return self.alias or self.name or self.module.partition(".")[0]

    @property
    def code(self) -> str:
        """The import as a statement."""
        renamed = f" as {self.alias}" if self.alias else ""
        return f"from {self.module} import {self.name}{renamed}" if self.name else f"import {self.module}{renamed}"


def imports_of(statements: Iterable[ast.stmt]) -> Iterator[ImportedName]:
    """The imports among these statements, those in their `if` and `try` blocks included."""
    for statement in statements:
        if isinstance(statement, ast.Import):
            for alias in statement.names:
                yield ImportedName(alias.name, "", alias.asname or "")
        elif isinstance(statement, ast.ImportFrom):
            for alias in statement.names:
                yield ImportedName("." * statement.level + (statement.module or ""), alias.name, alias.asname or "")
        elif isinstance(statement, ast.If | ast.Try | ast.With):
            for part in ("body", "handlers", "orelse", "finalbody"):
                for inner in getattr(statement, part, []):
                    yield from imports_of(inner.body if isinstance(inner, ast.ExceptHandler) else [inner])


def used_names(source: str) -> frozenset[str]:
    """Names that code loads anywhere, those in annotations that are strings included; empty where it does not parse."""
    try:
        nodes = list(ast.walk(ast.parse(source)))
    except (SyntaxError, ValueError, RecursionError):
        return frozenset()
    names = {node.id for node in nodes if isinstance(node, ast.Name)}
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.isidentifier():
            names.add(node.value)
    return frozenset(names)


def bound_names(file: TextFile) -> dict[str, set[ImportedName]]:
    """Names that a module binds at its top, with the imports that may bind each. In a module that does not parse, only
    imports that stand on lines of their own are found.
    """
    found: dict[str, set[ImportedName]] = {}
    try:
        body = ast.parse(file.text).body
    except (SyntaxError, ValueError, RecursionError):
        imports = list(_imports_of_lines(scan(file.plain), file.plain))
    else:
        imports = list(imports_of(body))
        for statement in body:
            for node in [statement] if isinstance(statement, _SCOPES) else ast.walk(statement):
                if isinstance(node, _SCOPES):
                    found.setdefault(node.name, set())
                elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                    found.setdefault(node.id, set())
    for each in imports:
        found.setdefault(each.bound, set()).add(each)
    return found


_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def _imports_of_lines(scanned: Scanned, lines: Sequence[str]) -> Iterator[ImportedName]:
    for line in scanned.logical:
        if line.text.startswith(("import ", "from ")):
            try:
                yield from imports_of(ast.parse("\n".join(lines[line.first - 1 : line.last]).strip()).body)
            except SyntaxError:
                continue


def with_imports(file: TextFile, wanted: Sequence[ImportedName]) -> TextFile:
    """The module with these imports, which it lacks: `from __future__` first, names beside the statement that imports
    from the same module, others after the last import at the top.
    """
    for each in wanted:
        file = _with_future(file, each) if each.module == "__future__" else _with_import(file, each)
    return file


def _with_future(file: TextFile, wanted: ImportedName) -> TextFile:
    line = next((each for each in _top(file) if each.text.startswith("from __future__")), None)
    at = line.last if line else _docstring_end(file)
    new = [wanted.code] if line else ["", wanted.code] if at else [wanted.code, ""]
    return file.with_lines(at + 1, at, new)


def _with_import(file: TextFile, wanted: ImportedName) -> TextFile:
    top = _top(file)
    defined = next((line.first for line in top if line.text.startswith(_DEFINES)), len(file.lines) + 1)
    imports = [line for line in top if line.text.startswith(("import ", "from ")) and line.first < defined]
    if wanted.name:
        for line in imports:
            if line.text.startswith(f"from {wanted.module} import "):
                return _beside(file, line, wanted)
    if imports:
        return file.with_lines(imports[-1].last + 1, imports[-1].last, [wanted.code])
    at = _docstring_end(file)
    new = ["", wanted.code] if at else [wanted.code]
    follows = file.plain[at : at + 1]
    return file.with_lines(at + 1, at, [*new, ""] if follows and follows[0].strip() else new)


def _beside(file: TextFile, line: LogicalLine, wanted: ImportedName) -> TextFile:
    """The module with the name added to the statement at `line`, or in a statement of its own below it."""
    name = wanted.name + (f" as {wanted.alias}" if wanted.alias else "")
    longer = f"{line.text}, {name}"
    simple = line.first == line.last and not set("#(\\;*") & set(line.text)
    if simple and len(longer) <= _LONGEST:
        return file.with_lines(line.first, line.last, [longer])
    return file.with_lines(line.last + 1, line.last, [wanted.code])


def _top(file: TextFile) -> list[LogicalLine]:
    return [line for line in scan(file.plain).logical if not line.indent]


def _docstring_end(file: TextFile) -> int:
    """The last line of the module's docstring, or of the comments at its beginning; 0 where it has neither."""
    first = next(iter(_top(file)), None)
    if first and first.text.lstrip("rRuU").startswith(('"', "'")):
        return first.last
    end = 0
    for number, line in enumerate(file.plain, 1):
        if not line.startswith("#"):
            break
        end = number
    return end
