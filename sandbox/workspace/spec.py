"""What a workspace is to be like, whichever backend makes it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sandbox.workspace.protocol import Quota

ENV = "/env"
"""Where commands see what a setup left."""


@dataclass(frozen=True, kw_only=True)
class Spec:
    """The directory of a workspace, and what its commands may see and use beside it."""

    directory: Path
    """The directory's real path."""
    quota: Quota
    network: bool = False
    readable: tuple[str, ...] = ()
    """Paths of this machine that commands see where they are, read-only."""
    repository: tuple[str, ...] = ()
    """The repository that a linked worktree belongs to, shown like `readable` where the backend can show it."""
    environment: Path | None = None
    """What a setup left on this machine, which commands see at /env, read-only."""
    preparing: bool = False
    """Whether a setup is running: /env is empty and writable."""
