"""Places in a repository that a prompt shows."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Place:
    """A definition in a file, decorators included; the whole file where `name` is empty."""

    path: str
    """Relative to the repository's root, with `/`."""
    name: str
    """Qualified name, such as `Class.method`, `function` or `outer.inner`."""
    first: int
    """Number of the first line, from 1."""
    last: int
    """Number of the last line, which belongs to the place."""

    def __str__(self) -> str:
        return f"{self.path}::{self.name}" if self.name else self.path
