"""Places in code as the answer to a task."""

from __future__ import annotations

from dataclasses import dataclass

from agent.repository.source.symbols import Symbol


@dataclass(frozen=True)
class Place:
    """A symbol of a file, how probably it is the place of the task (all symbols share 1), and why."""

    path: str
    symbol: Symbol
    score: float
    reasons: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The name that people read: `path::Class.method`, and the path alone for the code of a module."""
        return f"{self.path}::{self.symbol.name}" if self.symbol.name else self.path


@dataclass(frozen=True)
class Localised:
    """The places that a task may be about, best first, and the files that its words fit, best first."""

    task: str
    places: tuple[Place, ...]
    files: tuple[str, ...] = ()


_TEST_FOLDERS = frozenset(("test", "tests", "testing"))
_TEST_NAMES = frozenset(("tests.py", "test.py", "conftest.py"))
_ASIDE_FOLDERS = frozenset(
    ("doc", "docs", "example", "examples", "benchmark", "benchmarks", "bench", "scripts", "tools")
)
_ASIDE_NAMES = frozenset(("setup.py", "noxfile.py", "conf.py", "tasks.py", "fabfile.py", "versioneer.py"))


def is_test(path: str) -> bool:
    """Whether a file belongs to the tests, by its path."""
    *folders, name = path.split("/")
    named = name.startswith("test_") or name.endswith("_test.py") or name in _TEST_NAMES
    return named or not _TEST_FOLDERS.isdisjoint(folders)


def is_aside(path: str) -> bool:
    """Whether a file is about the project rather than part of the program: documentation, examples, set-up."""
    *folders, name = path.split("/")
    return name in _ASIDE_NAMES or not _ASIDE_FOLDERS.isdisjoint(folders)
