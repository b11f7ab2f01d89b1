"""The specification of a workspace, common to all backends."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sandbox.workspace.protocol import Quota

ENV = "/env"
"""The directory in which commands see the files that a setup left."""


@dataclass(frozen=True, kw_only=True)
class Spec:
    """The directory of a workspace, its quota, and the further paths and network that commands may use."""

    directory: Path
    """The directory's real path."""
    quota: Quota
    network: bool = False
    readable: tuple[str, ...] = ()
    """Paths of this machine that commands see at the same paths, read-only."""
    repository: tuple[str, ...] = ()
    """The git repository of a linked worktree (`directory`), visible like `readable` where the backend can do that."""
    objects: tuple[str, ...] = ()
    """Object databases of git that the directory's own repository names, visible like `repository`, but not to a setup,
    which may have a network."""
    environment: Path | None = None
    """The folder on this machine that commands see at /env, read-only."""
    preparing: bool = False
    """Whether a setup is running: /env is empty and writable."""
