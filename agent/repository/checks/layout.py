"""Which files of a repository are tests, and where its packages lie."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

from agent.repository.files import Files

TEST_DIRECTORIES = frozenset({"test", "tests", "testing"})
NOT_SOURCES = frozenset(
    {"docs", "doc", "examples", "example", "benchmarks", "benchmark", "build", "dist", "scripts", "tools", "fuzz"}
)
PYTHON_FILES = ("test_*.py", "*_test.py")
"""pytest's own patterns for files with tests."""
WHOLE_NAMES = ("tests.py", "test.py")
"""Names of files with all tests of a small project."""
SUPPORT = ("conftest.py",)


def is_test_file(path: str, patterns: Sequence[str] = PYTHON_FILES) -> bool:
    """Whether pytest would look for tests in this file; `patterns` are its setting `python_files`."""
    name = PurePosixPath(path).name
    return path.endswith(".py") and (
        any(fnmatchcase(name, pattern) or fnmatchcase(path, pattern) for pattern in patterns) or name in WHOLE_NAMES
    )


def is_test_path(path: str) -> bool:
    """Whether a file belongs to the tests: a file with tests, their conftest, or anything in a directory of tests."""
    pure = PurePosixPath(path)
    return bool(TEST_DIRECTORIES & set(pure.parts[:-1])) or pure.name in SUPPORT or is_test_file(path)


def roots_of_tests(files: Files, patterns: Sequence[str] = PYTHON_FILES) -> list[str]:
    """Sorted directories of tests: the outermost directory with such a name above every file with tests.

    A directory `testing` or `test` of a product that holds no file with tests is none.
    """
    found = set()
    for path in files_with_tests(files.paths, patterns):
        parts = PurePosixPath(path).parts
        index = next((index for index, part in enumerate(parts[:-1]) if part in TEST_DIRECTORIES), None)
        if index is not None:
            found.add("/".join(parts[: index + 1]))
    return sorted(found)


def belongs_to_tests(path: str, roots: Sequence[str], patterns: Sequence[str] = PYTHON_FILES) -> bool:
    """Whether a file, there already or new, belongs to the tests of a repository with these `roots_of_tests`."""
    inside = any(path.startswith(f"{root}/") for root in roots)
    return inside or PurePosixPath(path).name in SUPPORT or is_test_file(path, patterns)


def files_with_tests(paths: Iterable[str], patterns: Sequence[str] = PYTHON_FILES) -> list[str]:
    """The files with tests among these paths, in their order."""
    return [path for path in paths if is_test_file(path, patterns)]


def source_roots(files: Files) -> list[str]:
    """Directories from which the repository's own modules are imported, the most specific first; the last is `.`.

    A directory `src` with packages or modules in it is one, wherever it lies outside of the tests (`libs/core/src`).
    """
    paths = set(files.paths)
    roots = set()
    for path in paths:
        parts = PurePosixPath(path).parts
        if not path.endswith(".py") or is_test_path(path):
            continue
        for name in ("src", "lib"):
            if name in parts[:-1]:
                at = parts.index(name)
                inside = "/".join(parts[: at + 1])
                if f"{inside}/__init__.py" not in paths:
                    roots.add(inside)
    return [*sorted(roots, key=lambda root: (-root.count("/"), root)), "."]


def top_modules(files: Files) -> dict[str, str]:
    """Names of the repository's own top-level packages and modules, and the path of each, without its tests."""
    found: dict[str, str] = {}
    paths = set(files.paths)
    for root in source_roots(files):
        prefix = "" if root == "." else f"{root}/"
        for path in files.paths:
            if not path.startswith(prefix) or not path.endswith(".py"):
                continue
            first, _, rest = path.removeprefix(prefix).partition("/")
            if not rest and not is_test_path(path) and first not in ("setup.py", "noxfile.py"):
                found.setdefault(first.removesuffix(".py"), path)
            elif rest and f"{prefix}{first}/__init__.py" in paths and first not in TEST_DIRECTORIES | NOT_SOURCES:
                found.setdefault(first, f"{prefix}{first}/__init__.py")
    return found
