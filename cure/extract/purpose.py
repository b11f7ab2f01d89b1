"""What a program does, read from its syntax tree: whether it calls anything, reads input, and defines what it uses."""

from __future__ import annotations

import ast
import builtins
from dataclasses import dataclass

_BUILTINS = frozenset(dir(builtins)) | {"__file__", "__annotations__"}
_READERS = frozenset({"input", "open", "stdin", "fileinput", "raw_input", "FileIO"})
_WRITERS = frozenset({"print", "stdout", "write", "writelines"})
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)


@dataclass(frozen=True, kw_only=True)
class Purpose:
    """What a program does when it is run."""

    calls: bool
    """Whether the program calls anything; a program without calls prints nothing."""
    reads: bool
    """Whether the program names something that reads, such as `input`, `stdin`, `open` or `fileinput`, and does not
    replace `sys.stdin` by a constant text."""
    writes: bool
    """Whether the program names `print`, `stdout`, or a method `write` or `writelines`."""
    runs: bool
    """Whether a statement outside of definitions calls anything."""
    has_definitions: bool
    """Whether the program defines functions or classes at its top level."""
    defines: frozenset[str]
    """Names that the program assigns, imports or defines anywhere."""
    lacks: frozenset[str]
    """Names that are used, not built in and not defined by the program; empty where it has an `import *`."""


def purpose_of(tree: ast.Module) -> Purpose:
    """What the program of this syntax tree does."""
    used: set[str] = set()
    defined: set[str] = set()
    reads = writes = calls = everything = is_fed = False
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            (used if isinstance(node.ctx, ast.Load) else defined).add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            defined.add(node.name)
        elif isinstance(node, ast.arg):
            defined.add(node.arg)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            defined.update(alias.asname or alias.name.partition(".")[0] for alias in node.names)
            everything = everything or any(alias.name == "*" for alias in node.names)
            reads = reads or any(alias.name in _READERS for alias in node.names)
            writes = writes or any(alias.name in _WRITERS for alias in node.names)
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
            defined.add(node.name)
        elif isinstance(node, ast.Global | ast.Nonlocal):
            defined.update(node.names)
        elif isinstance(node, ast.Assign):
            is_fed = is_fed or _feeds_itself(node)
        elif isinstance(node, ast.Attribute):
            reads, writes = reads or node.attr in _READERS, writes or node.attr in _WRITERS
        calls = calls or isinstance(node, ast.Call)
    acting = (statement for statement in tree.body if not isinstance(statement, _DEFINITIONS))
    return Purpose(
        calls=calls,
        reads=not is_fed and (reads or not _READERS.isdisjoint(used)),
        writes=writes or not _WRITERS.isdisjoint(used),
        runs=any(isinstance(node, ast.Call) for statement in acting for node in ast.walk(statement)),
        has_definitions=any(isinstance(statement, _DEFINITIONS[:3]) for statement in tree.body),
        defines=frozenset(defined),
        lacks=frozenset() if everything else frozenset(used - defined - _BUILTINS),
    )


def _feeds_itself(node: ast.Assign) -> bool:
    """Whether the assignment is `sys.stdin = io.StringIO("…")` with a constant, as in examples of use."""
    value = node.value
    if not isinstance(value, ast.Call) or not value.args or not isinstance(value.args[0], ast.Constant):
        return False
    name = value.func.attr if isinstance(value.func, ast.Attribute) else getattr(value.func, "id", "")
    targets = (target.attr for target in node.targets if isinstance(target, ast.Attribute))
    return name == "StringIO" and "stdin" in targets
