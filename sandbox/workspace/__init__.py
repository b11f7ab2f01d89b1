"""Workspaces run commands in a private view of a directory, with limits and verdicts like those of programs.

A test suite, a build or a linter runs over a repository that it cannot change: it writes to a separate layer, whose
changes can be listed, copied out and dropped.
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
