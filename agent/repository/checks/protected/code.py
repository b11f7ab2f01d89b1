"""Finds product code that reaches for what judges it."""

from __future__ import annotations

import ast
import doctest
import re
from collections.abc import Iterator

JUDGES = frozenset(
    {"pytest", "_pytest", "pluggy", "unittest", "nose", "atexit", "faulthandler", "sitecustomize", "xdist"}
)
"""Modules that product code has no use for, unless it used them before."""
EXITS = frozenset(
    {"os._exit", "os.abort", "os.kill", "os.killpg", "signal.raise_signal", "signal.alarm", "signal.setitimer"}
)
WATCHES = frozenset(
    {
        *("sys.settrace", "sys.setprofile", "sys._getframe", "sys._current_frames"),
        *("inspect.stack", "inspect.currentframe", "inspect.getouterframes", "gc.get_objects", "gc.get_referrers"),
        *("threading.settrace", "threading.setprofile", "sys.addaudithook", "sys.exitfunc"),
    }
)
"""Functions by which code looks at, or changes, those who call it."""
LEAVES = ("sys.exit", "exit", "quit")
PLACES = frozenset(
    {"sys.modules", "sys.meta_path", "sys.path_hooks", "sys.excepthook", "sys.exit", "sys.unraisablehook"}
)
SETTINGS = ("pytest_plugins", "collect_ignore", "collect_ignore_glob")
RUNS = frozenset({"exec", "eval", "compile", "__import__", "execfile"})
WORDS = re.compile(
    r"^(?:PYTEST_\w*|_?pytest(?:\.\w+)*|unittest(?:\.\w+)*|conftest(?:\.py)?|.*/conftest\.py|_exit|__builtins__)$"
)
TEST_FILE = re.compile(r"(?:^|/)(?:test_\w+|\w+_test|conftest)\.py$")


def tampering(before: str, after: str) -> str:
    """What a patched module does to its judges that it did not do before, in words; empty where there is nothing.

    Code that cannot be parsed does nothing: it fails every test that imports it.
    """
    known = set(_features(before))
    return next((f"line {line}: {what}" for line, what in _found(after) if what not in known), "")


def tampering_test(source: str) -> str:
    """What a new file with tests does beside testing, in words; it may use pytest and unittest, and not change them."""
    allowed = {f"imports {name}" for name in JUDGES}
    for line, what in _found(source):
        if what not in allowed and not what.startswith(
            ("imports unittest", "imports pytest", "names", "__eq__", "__ne__")
        ):
            return f"line {line}: {what}"
    return ""


def lost_examples(before: str, after: str, *, python: bool = True) -> str:
    """An example that a patch removes or changes, in words; empty where all are kept.

    Examples are those in docstrings of a module; where it is no `python`, those of a whole text.
    """
    kept = _examples(after, python)
    for source, want in _examples(before, python):
        if (source, want) not in kept:
            return f"the example {source.strip()[:60]!r} is gone or expects something else"
    return ""


def _examples(source: str, python: bool) -> list[tuple[str, str]]:
    texts = [source]
    if python:
        try:
            tree = ast.parse(source)
        except (SyntaxError, ValueError, RecursionError):
            return []
        holders = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
        texts = [ast.get_docstring(node) or "" for node in ast.walk(tree) if isinstance(node, holders)]
    found = []
    for text in texts:
        try:
            examples = doctest.DocTestParser().get_examples(text)
        except ValueError:
            continue
        found += [(example.source, example.want) for example in examples]
    return found


def _features(source: str) -> Iterator[str]:
    yield from (what for _, what in _found(source))


def _found(source: str) -> Iterator[tuple[int, str]]:
    """Lines and what is found on them."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return
    yield from ((node.lineno, "ends the interpreter when it is imported") for node in _exits_at_import(tree.body))
    names = _aliases(tree)
    docstrings = set(_docstrings(tree))
    for node in ast.walk(tree):
        line = getattr(node, "lineno", 1)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            if WORDS.match(node.value) or TEST_FILE.search(node.value):
                yield line, f"names {node.value!r}"
        else:
            yield from ((line, what) for what in _of(node, names))


def _of(node: ast.AST, names: dict[str, str]) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (f"imports {alias.name}" for alias in node.names if alias.name.partition(".")[0] in JUDGES)
    elif isinstance(node, ast.ImportFrom) and not node.level and (node.module or "").partition(".")[0] in JUDGES:
        yield f"imports {node.module}"
    elif isinstance(node, ast.Call):
        called = _dotted(node.func, names)
        if called in EXITS | WATCHES or called in RUNS:
            yield f"calls {called}"
        if called == "setattr" and node.args and _dotted(node.args[0], names) in ("builtins", "sys", "os"):
            yield f"changes {_dotted(node.args[0], names)}"
    elif isinstance(node, (ast.Assign, ast.AugAssign, ast.Delete, ast.AnnAssign)):
        yield from _assigned(node, names)
    elif isinstance(node, ast.FunctionDef) and node.name in ("__eq__", "__ne__") and _constant(node):
        yield f"{node.name} that holds for everything"


def _assigned(node: ast.Assign | ast.AugAssign | ast.Delete | ast.AnnAssign, names: dict[str, str]) -> Iterator[str]:
    targets = node.targets if isinstance(node, (ast.Assign, ast.Delete)) else [node.target]
    for target in targets:
        at = _dotted(target.value if isinstance(target, ast.Subscript) else target, names)
        first = at.partition(".")[0]
        patched = first in ("builtins", "__builtins__") and (at != first or isinstance(target, ast.Subscript))
        if at in PLACES or patched or (first in JUDGES and at != first):
            yield f"changes {at}"
        elif at in SETTINGS:
            yield f"sets {at}"


def _exits_at_import(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements outside of functions that end the interpreter, without those below `if __name__ == "__main__"`."""
    for statement in body:
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        if isinstance(statement, ast.If) and "__main__" in ast.dump(statement.test):
            continue
        inner = [child for child in ast.iter_child_nodes(statement) if isinstance(child, (ast.stmt, ast.ExceptHandler))]
        if inner:
            yield from _exits_at_import(inner)  # type: ignore[arg-type]
        elif (isinstance(statement, ast.Raise) and "SystemExit" in ast.dump(statement)) or (
            isinstance(statement, ast.Expr) and _dotted(getattr(statement.value, "func", statement), {}) in LEAVES
        ):
            yield statement


def _constant(function: ast.FunctionDef) -> bool:
    """Whether a function does nothing but return a constant."""
    body = [line for line in function.body if not (isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant))]
    return (
        len(body) == 1
        and isinstance(body[0], ast.Return)
        and isinstance(body[0].value, ast.Constant)
        and (body[0].value.value is not NotImplemented)
    )


def _aliases(tree: ast.Module) -> dict[str, str]:
    """Full names of what imports bind under another name: `e` for `from os import _exit as e`."""
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found.update({alias.asname: alias.name for alias in node.names if alias.asname})
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.update({alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names})
    return found


def _dotted(node: ast.AST, names: dict[str, str]) -> str:
    """`a.b.c` as a text, with the first name looked up among the imports; empty for anything else."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ""
    return ".".join([names.get(node.id, node.id), *reversed(parts)])


def _docstrings(tree: ast.Module) -> Iterator[int]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield id(node.value)
