"""What somebody wants of a workspace, whichever backend makes it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sandbox.workspace.protocol import Room

ENV = "/env"
"""Where commands see what a setup left."""


@dataclass(frozen=True)
class Wish:
    """A workspace to be."""

    directory: Path
    """Its real path."""
    room: Room
    network: bool = False
    readable: tuple[str, ...] = ()
    """Paths of this machine that commands see where they are, read-only."""
    repository: tuple[str, ...] = ()
    """The repository that a linked worktree belongs to, shown like `readable` where that can be done."""
    environment: Path | None = None
    """What a setup left on this machine, for commands to see at /env, read-only."""
    preparing: bool = False
    """Whether /env is empty and writable instead."""
