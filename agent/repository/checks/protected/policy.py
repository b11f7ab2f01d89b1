"""What a patch must leave alone, and what is said of one that does not."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from agent.repository.checks.suite import Runner, Suite
from agent.repository.files import Files


class Reason(StrEnum):
    """Why a patch is refused."""

    DELETED = "deletes or moves a test"
    WEAKENED = "changes an existing test"
    """Removed or skipped tests, changed expectations, changed data that tests read."""
    SETTINGS = "changes how tests are collected or run"
    """conftest.py, pytest's settings, files that the test command reads."""
    PLANTED = "plants a file that Python or pytest loads by itself"
    """sitecustomize, `.pth`, modules in the place of others, plug-ins, compiled modules."""
    TAMPERS = "product code reaches for what judges it"
    """Imports of pytest, exits at import, patched builtins, looks at whether a test is running."""
    PROTECTED = "touches a file that the user protects"
    OUTSIDE = "names a path that no patch may write"
    """Absolute paths, `..`, the repository's own `.git`."""


@dataclass(frozen=True, order=True)
class Violation:
    """One reason to refuse a patch."""

    path: str
    reason: Reason
    detail: str
    """What was found there, in words."""

    @property
    def words(self) -> str:
        """A line for a person."""
        return f"{self.path}: {self.reason} ({self.detail})"


@dataclass(frozen=True)
class Policy:
    """What the user allows and forbids beyond the rule that existing tests stay as they are."""

    allow_test_changes: bool = False
    """Whether a patch may change, move and delete tests, and their settings, because the task asks for it."""
    protect: tuple[str, ...] = ()
    """Patterns of further files that no patch may touch, as in .gitignore."""
    command_files: tuple[str, ...] = ()
    """Files that the user's own test command starts or reads, such as a Makefile."""
    doctests: bool = False
    """Whether the suite runs the examples in docstrings, so that these are tests too."""
    doctest_files: tuple[str, ...] = ()
    """Patterns of the names of text files whose examples the suite runs."""


CALLED = {"make": ("Makefile", "makefile", "GNUmakefile"), "just": ("justfile", "Justfile"), "tox": ("tox.ini",)}
CALLED |= {"nox": ("noxfile.py",), "npm": ("package.json",), "hatch": ("hatch.toml",)}
"""Files that programs read to know what to run."""


def policy_of(files: Files, suite: Suite, *, allow_test_changes: bool = False, protect: tuple[str, ...] = ()) -> Policy:
    """The policy for patches that are judged by this suite: what its own command reads is protected too."""
    words = re.findall(r"[\w./-]+", " ".join(suite.arguments)) if suite.runner == Runner.COMMAND else []
    read = {word.removeprefix("./") for word in words} | {name for word in words for name in CALLED.get(word, ())}
    globs = [word.partition("=")[2] for word in suite.arguments if word.startswith("--doctest-glob=")]
    doctests = "--doctest-modules" in suite.arguments
    return Policy(
        allow_test_changes=allow_test_changes,
        protect=protect,
        command_files=tuple(sorted(read & set(files.paths))),
        doctests=doctests,
        doctest_files=tuple(globs) or (("test*.txt",) if doctests else ()),
    )
