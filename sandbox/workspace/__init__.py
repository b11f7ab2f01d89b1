"""Workspaces: commands in a private view of a directory, with the limits and verdicts of programs.

A test suite, a build or a linter runs over a repository that it cannot change: what it writes is a separate layer,
which can be looked at, copied out, and dropped.
"""

from sandbox.workspace.open import open_workspace
from sandbox.workspace.protocol import (
    COMMAND_LIMITS,
    Change,
    ChangeKind,
    Command,
    CommandResult,
    PathRefused,
    Quota,
    Setup,
    SetupFailed,
    Workspace,
    shell,
)

__all__ = [
    "COMMAND_LIMITS",
    "Change",
    "ChangeKind",
    "Command",
    "CommandResult",
    "PathRefused",
    "Quota",
    "Setup",
    "SetupFailed",
    "Workspace",
    "open_workspace",
    "shell",
]
