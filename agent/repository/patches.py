"""Patches of a repository as rows of an execution table, and checks of a repository as its columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

BASE = "base"
"""Name of the row of the unchanged code, and origin of its patch, whose text is empty."""

CheckOrigin = Literal["existing", "user", "generated"]


@dataclass(frozen=True)
class Patch:
    """A patch against the snapshot of a repository, and where it came from: a row of the table."""

    text: str
    """A unified diff in git's form; empty for the unchanged code."""
    origin: str = "sampled"
    """`sampled`, `repair`, or `base` for the unchanged code."""
    parent: str | None = None
    """Name of the candidate that this one repairs."""
    round: int = 0


@dataclass(frozen=True)
class Check:
    """Tests that judge a patch together: a column of the table."""

    stimulus: str
    """Generated: the text of a file for pytest with one test. Else the path of a file with existing tests, or the node
    id of one test."""
    origin: CheckOrigin = "generated"
    expected: None = None
    judges: bool = True

    @property
    def trusted(self) -> bool:
        """Whether people wrote the tests: those of the repository, and those that the user names."""
        return self.origin != "generated"
