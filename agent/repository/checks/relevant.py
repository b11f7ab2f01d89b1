"""Which test files a change touches, so that these are run first."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from agent.repository.checks.below import project_directory
from agent.repository.checks.configuration import text
from agent.repository.checks.layout import files_with_tests, source_roots
from agent.repository.checks.settings import settings_of
from agent.repository.files import Files

FAR = 99
"""The distance of a test file that reaches a change by no import."""


@dataclass(frozen=True)
class ImportGraph:
    """Which Python files of a repository import which others of it, read from their source."""

    edges: Mapping[str, frozenset[str]]

    def distances(self, targets: Collection[str]) -> dict[str, int]:
        """For every file that reaches one of the targets by imports, over how many of them; 0 for a target itself."""
        reverse: dict[str, set[str]] = {}
        for file, imported in self.edges.items():
            for path in imported:
                reverse.setdefault(path, set()).add(file)
        found = dict.fromkeys(targets, 0)
        waiting = list(targets)
        for path in waiting:
            for importer in sorted(reverse.get(path, ())):
                if importer not in found:
                    found[importer] = found[path] + 1
                    waiting.append(importer)
        return found


def import_graph(files: Files) -> ImportGraph:
    """The graph of a repository; a package's `__init__` counts as imported by whatever imports the package."""
    modules = _modules(files)
    edges = {}
    for path in files.paths:
        if path.endswith(".py"):
            wanted = set(_imports(files, path, modules))
            edges[path] = frozenset(wanted - {path})
    return ImportGraph(edges)


def relevant(
    files: Files,
    changed: Collection[str],
    tests: Sequence[str] | None = None,
    *,
    graph: ImportGraph | None = None,
    executed: Mapping[str, Mapping[str, Collection[int]]] | None = None,
    lines: Mapping[str, Collection[int]] | None = None,
) -> list[str]:
    """Test files that a change of these paths may touch, the most telling first; others are left out.

    First come files that, by `executed` (`Report.lines` of an earlier run), execute a changed file, where `lines` names
    its changed lines one of these; then those with the name of a changed file, or of its package, in theirs; then
    others by their distance in the import graph. Where nothing reaches the change, all test files are given. `tests`
    are the files to choose from, by default all; `graph` is the `import_graph`, which takes long for a large
    repository.
    """
    candidates = (
        list(tests)
        if tests is not None
        else files_with_tests(files.paths, settings_of(files, project_directory(files)).python_files)
    )
    distances = (graph or import_graph(files)).distances([path for path in changed if path.endswith(".py")])
    stems = {stem for path in changed for stem in _stems(path)}
    packages = {name for path in changed for name in PurePosixPath(path).parts[:-1]}
    support = {str(PurePosixPath(path).parent) for path in distances if PurePosixPath(path).name == "conftest.py"}
    ranked = []
    for test in candidates:
        runs = _executes((executed or {}).get(test, {}), changed, lines or {})
        named = _names(test, stems)
        below = any(_below(test, directory) for directory in support)
        reach = distances.get(test, FAR - 1 if below else FAR)
        if runs or named or reach < FAR:
            ranked.append((not runs, not named, not _names(test, packages), reach, test))
    return [test for *_, test in sorted(ranked)] or sorted(candidates)


def _executes(
    executed: Mapping[str, Collection[int]], changed: Collection[str], lines: Mapping[str, Collection[int]]
) -> bool:
    return any(
        path in executed and (path not in lines or not set(lines[path]).isdisjoint(executed[path])) for path in changed
    )


def _below(test: str, directory: str) -> bool:
    return directory == "." or test.startswith(f"{directory}/")


def _stems(path: str) -> Iterator[str]:
    """Words that a test of this file has in its name: the module's, and for an `__init__` the package's."""
    pure = PurePosixPath(path)
    stem = pure.parent.name if pure.name == "__init__.py" else pure.stem
    if len(stem.strip("_")) > 1:
        yield stem.strip("_").lower()


def _names(test: str, stems: Collection[str]) -> bool:
    words = PurePosixPath(test).stem.lower().split("_")
    return any(stem in words or f"test_{stem}" == PurePosixPath(test).stem.lower() for stem in stems)


def _modules(files: Files) -> dict[str, str]:
    """Files by their dotted names, from every source root and, for tests, from their own directories."""
    found: dict[str, str] = {}
    for root in source_roots(files):
        prefix = "" if root == "." else f"{root}/"
        for path in files.paths:
            if path.endswith(".py") and path.startswith(prefix):
                found.setdefault(_dotted(path.removeprefix(prefix)), path)
    return found


def _dotted(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _imports(files: Files, path: str, modules: Mapping[str, str]) -> Iterator[str]:
    """Files that a file imports, with the packages that contain them."""
    try:
        tree = ast.parse(text(files, path))
    except (SyntaxError, ValueError, RecursionError):
        return
    here = _dotted(path)
    package = here if path.endswith("/__init__.py") else here.rpartition(".")[0]
    beside = f"{PurePosixPath(path).parent}/".replace("/", ".") if "/" in path else ""
    for node in ast.walk(tree):
        for name in _named(node, package):
            for start in ("", beside):
                yield from _with_packages(f"{start}{name}", modules)


def _named(node: ast.AST, package: str) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        base = node.module or ""
        if node.level:
            parts = package.split(".")[: len(package.split(".")) - node.level + 1]
            base = ".".join([*parts, *([node.module] if node.module else [])])
        yield base
        yield from (f"{base}.{alias.name}" for alias in node.names)


def _with_packages(name: str, modules: Mapping[str, str]) -> Iterator[str]:
    parts = name.split(".")
    for count in range(len(parts), 0, -1):
        path = modules.get(".".join(parts[:count]))
        if path is not None:
            yield path
