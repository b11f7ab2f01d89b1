"""Workspaces: commands in a private view of a directory, with the limits and verdicts of programs.

A test suite, a build or a linter runs over a repository that it cannot change: what it writes is a layer of its own,
which can be looked at, carried out, and dropped.
"""

from sandbox.workspace.open import open_workspace
from sandbox.workspace.protocol import (
    COMMAND_LIMITS,
    Change,
    ChangeKind,
    CommandResult,
    PathRefused,
    Room,
    Setup,
    SetupFailed,
    Workspace,
)

__all__ = [
    "COMMAND_LIMITS",
    "Change",
    "ChangeKind",
    "CommandResult",
    "PathRefused",
    "Room",
    "Setup",
    "SetupFailed",
    "Workspace",
    "open_workspace",
]
