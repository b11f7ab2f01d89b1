"""A task: a bug in a repository, its description, its fix, and hidden tests that judge a patch."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Source = Literal["repo_bench", "quixbugs", "humanevalpack"]
SOURCES: tuple[Source, ...] = ("repo_bench", "quixbugs", "humanevalpack")
Texts = Mapping[str, str]
"""Texts of files by their paths, relative to the repository's root with `/`."""
Edit = Mapping[str, str | None]
"""New texts of files by their paths; None where the file is deleted."""

_IDENTITY = ("-c", "user.name=bench", "-c", "user.email=bench@localhost", "-c", "commit.gpgsign=false")
_DATE = "2026-01-01T00:00:00+00:00"


@dataclass(frozen=True)
class Definition:
    """A function or method of a file."""

    path: str
    name: str
    """The qualified name, such as `Parser.feed`."""


@dataclass(frozen=True)
class Hidden:
    """Tests that nobody sees who works on the task. Tests have JUnit names: `tests.test_time::test_delta[1]`."""

    files: Texts
    """All test files of the fixed state; they replace the tests of the state that is judged."""
    fail_to_pass: tuple[str, ...]
    """Tests that fail before the fix and pass after it."""
    pass_to_pass: tuple[str, ...]
    """Tests that pass before and after."""
    run: tuple[str, ...]
    """Arguments of pytest that run all of them."""
    first: tuple[str, ...]
    """Arguments of pytest that run at least the tests of `fail_to_pass`."""


@dataclass(frozen=True)
class Needs:
    """What an interpreter must have to run the tests, besides pytest."""

    requirements: tuple[str, ...] = ()
    """Distributions, as pip takes them."""
    env: Mapping[str, str] = field(default_factory=dict)
    paths: tuple[str, ...] = (".",)
    """Folders of the repository from which modules are imported."""
    metadata: Texts = field(default_factory=dict)
    """Files of a `dist-info` folder, which a package reads that asks for its own version."""


@dataclass(frozen=True)
class RepositoryTask:
    """A bug in a repository. Exactly one of `files` and `folder` holds the repository."""

    id: str
    source: Source
    text: str
    """What should change, in words that name the function or an example."""
    vaguer: str | None
    """The same wish in words that name neither file nor function."""
    files: Texts
    """The repository's files before the fix, with its old tests; empty where `folder` has them."""
    folder: Path | None
    """A git repository with these files, which is copied."""
    fixed: Texts
    """Texts of the files that the fix changes, after the fix."""
    changed: tuple[Definition, ...]
    """Functions and methods that the fix changes; an added one is not among them."""
    hidden: Hidden
    needs: Needs = field(default_factory=Needs)
    returned: Texts = field(default_factory=dict)
    """What the call of a test returns before the fix, as Python writes it, or `!` and the exception's name; by the name
    of the test's function. Only for tests that compare one call of literals with a literal.
    """

    @property
    def files_changed(self) -> tuple[str, ...]:
        """Paths of the files that the fix changes."""
        return tuple(self.fixed)

    def read(self, path: str) -> str:
        """The text of a file before the fix. Raises KeyError or FileNotFoundError where there is none."""
        return self.files[path] if self.folder is None else (self.folder / path).read_text(encoding="utf-8")

    def build(self, folder: Path) -> Path:
        """Make the repository in a folder that does not exist: all files committed, nothing else there. Returns it."""
        if self.folder is not None:
            shutil.copytree(self.folder, folder, symlinks=True)
            return folder
        for path, text in self.files.items():
            place = folder / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, encoding="utf-8")
        _git(folder, "init", "-q", "-b", "main")
        _git(folder, "add", "-A")
        _git(folder, "commit", "-q", "-m", "Before the fix", "--date", _DATE)
        return folder


def is_test(path: str) -> bool:
    """Whether a file belongs to the tests: it lies in a folder of tests, or is named like one."""
    *folders, name = path.split("/")
    return bool({"test", "tests", "testing"} & set(folders)) or (
        name.endswith(".py") and (name.startswith("test") or name == "conftest.py")
    )


def _git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", *_IDENTITY, "-C", str(folder), *arguments], check=True, capture_output=True)
