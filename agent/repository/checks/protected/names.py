"""Names of modules that a new file would stand in for."""

from __future__ import annotations

import re
import sys
from pathlib import PurePosixPath

from agent.repository.checks.layout import belongs_to_tests, roots_of_tests, source_roots, top_modules
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
    if name not in own and not _known(files, name) and _is_imported(files, name):
        return f"it would be imported in the place of the package {name}"
    return ""


def _import_roots(files: Files) -> set[str]:
    """Directories that are on the path while tests run: source roots, and directories of test files."""
    roots = roots_of_tests(files)
    tests = {
        str(PurePosixPath(path).parent)
        for path in files.paths
        if path.endswith(".py") and belongs_to_tests(path, roots)
    }
    return {*source_roots(files), *tests, "."}


def _known(files: Files, name: str) -> bool:
    """Whether the repository already has a module or directory of this name anywhere."""
    return any(f"/{name}/" in f"/{path}" or f"/{path}".endswith(f"/{name}.py") for path in files.paths)


def _is_imported(files: Files, name: str) -> bool:
    """Whether any file of the repository imports a top-level module of this name."""
    line = re.compile(
        rb"^[ \t]*(?:import[ \t]+(?:[\w.]+[ \t]*,[ \t]*)*|from[ \t]+)" + re.escape(name.encode()) + rb"\b", re.M
    )
    return any(path.endswith(".py") and line.search(files.read(path)) for path in files.paths)
