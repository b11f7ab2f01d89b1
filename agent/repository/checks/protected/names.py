"""Names of modules that a new file would stand in for."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable
from pathlib import PurePosixPath

from agent.repository.checks.configuration import text
from agent.repository.checks.layout import roots_of_tests, source_roots, top_modules
from agent.repository.files import Files

RUNNERS = frozenset({"pytest", "_pytest", "pluggy", "py", "unittest", "nose", "hypothesis", "coverage", "xdist"})
STARTERS = frozenset({"sitecustomize", "usercustomize"})
"""Modules that Python imports by itself when it starts."""
COMPILED = (".so", ".pyd", ".pyc", ".pyo", ".dll", ".dylib")


def planted(files: Files, path: str) -> str:
    """What a new file at this path would be loaded as without being asked for, in words; empty for any other file."""
    pure = PurePosixPath(path)
    if pure.suffix == ".pth":
        return "Python runs it when it starts"
    if path.endswith(COMPILED):
        return "a compiled module, which cannot be read"
    if any(part.endswith((".dist-info", ".egg-info", ".egg-link")) for part in pure.parts):
        return "it registers plug-ins"
    if pure.suffix not in (".py", ".pyi"):
        return ""
    name = pure.stem if pure.name != "__init__.py" else (pure.parent.name or "__init__")
    if name in STARTERS:
        return "Python runs it when it starts"
    place = str(pure.parent if pure.name != "__init__.py" else pure.parent.parent)
    if place not in _import_roots(files):
        return ""
    if name in RUNNERS or name in sys.stdlib_module_names:
        return f"it would be imported in the place of {name}"
    own = top_modules(files)
    if name in own and PurePosixPath(own[name]).parent != pure.parent:
        return f"it would be imported in the place of {own[name]}"
    if name not in own and name in imported(files) and not _known(files, name):
        return f"it would be imported in the place of the package {name}"
    return ""


def _import_roots(files: Files) -> set[str]:
    """Directories that are on the path while tests run: source roots, and directories of test files."""
    tests = {
        str(PurePosixPath(path).parent)
        for path in files.paths
        if path.endswith(".py") and _in(path, roots_of_tests(files))
    }
    return {*source_roots(files), *tests, "."}


def _in(path: str, roots: Iterable[str]) -> bool:
    return any(path == root or path.startswith(f"{root}/") for root in roots)


def _known(files: Files, name: str) -> bool:
    """Whether the repository already has a module or directory of this name anywhere."""
    return any(name in PurePosixPath(path).with_suffix("").parts for path in files.paths)


def imported(files: Files) -> set[str]:
    """Top-level modules that any file of the repository imports."""
    found: set[str] = set()
    for path in files.paths:
        if path.endswith(".py"):
            try:
                tree = ast.parse(text(files, path))
            except (SyntaxError, ValueError, RecursionError):
                continue
            for node in ast.walk(tree):
                if isinstance(node, ast.Import):
                    found.update(alias.name.partition(".")[0] for alias in node.names)
                elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                    found.add(node.module.partition(".")[0])
    return found
