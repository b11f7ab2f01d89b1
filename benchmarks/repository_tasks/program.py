"""A small program with a bug, and the package around it: neighbours, their tests, a project file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.repository_tasks.cases import Case
from benchmarks.repository_tasks.task import Source


@dataclass(frozen=True)
class Program:
    """One program of a set: a module before and after the fix, and its tests."""

    source: Source
    name: str
    """The name of the module, and of its main function."""
    number: str
    """What the set calls the program."""
    description: str
    """What the program should do, in words, without a line break at its end."""
    buggy: str
    fixed: str
    cases: tuple[Case, ...]
    """Tests, of which some fail before the fix; names differ."""
    shown: tuple[str, ...] = ()
    """Names of the tests that the set shows with the statement; empty where it draws no line."""


def neighbours(programs: Sequence[Program], number: int, count: int) -> list[Program]:
    """The programs that follow in the set, from its beginning again after the last."""
    return [programs[(number + step) % len(programs)] for step in range(1, min(count, len(programs) - 1) + 1)]


def project(package: str) -> dict[str, str]:
    """The files of a project without modules and tests."""
    return {
        "pyproject.toml": (
            f'[project]\nname = "{package}"\nversion = "1.0"\nrequires-python = ">=3.10"\n\n'
            '[tool.pytest.ini_options]\ntestpaths = ["tests"]\npythonpath = ["."]\n'
        ),
        "README.md": f"# {package}\n\nSmall functions, one a module. Tests: `python -m pytest`.\n",
        ".gitignore": "__pycache__/\n.venv/\n.pytest_cache/\n",
        f"{package}/__init__.py": f'"""Package {package}: one function a module."""\n',
    }
