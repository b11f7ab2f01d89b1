"""How a repository's tests are run, as a value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from enum import StrEnum


class Runner(StrEnum):
    """Who judges the tests."""

    PYTEST = "pytest"
    """pytest, with a verdict for every test."""
    COMMAND = "command"
    """Any other command: one verdict, by its exit status."""


@dataclass(frozen=True)
class Rejected:
    """A way to run the tests that was found and not taken."""

    what: str
    why: str


@dataclass(frozen=True)
class Suite:
    """How to run the tests of one repository, and why in this way."""

    runner: Runner
    arguments: tuple[str, ...] = ()
    """Options for pytest without the paths of tests; all words of another command."""
    paths: tuple[str, ...] = ()
    """Test files and directories of the whole suite, relative to `rootdir`; empty: what pytest's settings say."""
    _: KW_ONLY
    env: Mapping[str, str] = field(default_factory=dict)
    """Environment variables that the tests are started with."""
    rootdir: str = "."
    """The directory to start in, relative to the repository's root."""
    config: str = ""
    """The file with pytest's settings, relative to `rootdir`; empty where there is none."""
    reason: str = ""
    """Why the tests are run in this way, in words."""
    rejected: tuple[Rejected, ...] = ()
    alternatives: tuple[Suite, ...] = ()
    """Other ways that are worth a try where no test passes in this one, best first."""

    @property
    def words(self) -> str:
        """The command as a person would type it."""
        import shlex

        words = ["pytest", *self.arguments, *self.paths] if self.runner == Runner.PYTEST else list(self.arguments)
        assigned = [f"{name}={value}" for name, value in self.env.items()]
        start = f"cd {shlex.quote(self.rootdir)} && " if self.rootdir != "." else ""
        return start + shlex.join([*assigned, *words])
