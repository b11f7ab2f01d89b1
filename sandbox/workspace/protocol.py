"""The Workspace protocol: runs commands, one at a time, over a directory that they cannot change."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from sandbox.errors import SandboxError
from sandbox.protocol import Limits, Verdict

COMMAND_LIMITS = Limits(cpu_s=600, wall_s=900, memory_mb=4096, output_bytes=16 << 20, processes=512)
"""Default limits of a command, wide enough for a test suite or a build."""
STDERR_TAIL = 8192

Output = Callable[[str, bytes], None]
"""A function that gets `stdout` or `stderr` and bytes while a command writes them; it must return quickly."""


class PathRefused(SandboxError):
    """A path leads out of the workspace, or names no file that can be read or written there."""


class SetupFailed(SandboxError):
    """A command that prepares the environment failed; the message has the tail of its output."""


def shell(script: str) -> tuple[str, ...]:
    """The words of a command that runs a script in /bin/sh."""
    return ("/bin/sh", "-c", script)


@dataclass(frozen=True)
class Command:
    """One command and its limits. Raises ValueError for an empty `argv` or program, or a NUL character in a word."""

    argv: tuple[str, ...]
    """The program and its arguments; `shell(script)` for a script."""
    limits: Limits = COMMAND_LIMITS
    stdin: bytes = b""
    env: Mapping[str, str] = field(default_factory=dict)
    """Environment variables, added to those that every command gets."""
    cwd: str = "."
    """Directory to start in, relative to the workspace."""

    def __post_init__(self) -> None:
        if not self.argv or not self.argv[0]:
            raise ValueError("a command needs at least one word")
        if any("\0" in word for word in self.argv):
            raise ValueError("a command holds no NUL")


@dataclass(frozen=True)
class Setup:
    """Commands that prepare an environment under /env, which is kept and used again, read-only."""

    commands: tuple[str, ...]
    """Scripts for /bin/sh, run one after another in a throw-away workspace; what they leave in /env is kept.

    Messages show the first line of a script, which may be a comment.
    """
    key_files: tuple[str, ...] = ()
    """Files of the directory: an environment is used again only where the contents of these files are the same."""
    network: bool = False
    """Whether the setup's commands may use the network; commands that run later are not affected."""
    limits: Limits = COMMAND_LIMITS


@dataclass(frozen=True, kw_only=True)
class CommandResult:
    """The outcome of one command."""

    command: tuple[str, ...]
    """The program and its arguments."""
    verdict: Verdict
    """`ok` is exit status 0 within the limits."""
    stdout: bytes = b""
    """At most the first `output_bytes` of standard output."""
    stderr: bytes = b""
    """At most the first `output_bytes` of standard error."""
    exit_code: int | None = None
    """Exit status; None where there is none, for example because a signal or the sandbox ended the command."""
    signal: int | None = None
    """The signal that ended the command; None if none did, or if the sandbox ended it."""
    cpu_s: float = 0.0
    """CPU seconds of the command and all processes that it started."""
    wall_s: float = 0.0
    peak_memory_kb: int = 0
    """Peak memory in kB of the largest process, or of all processes together if a larger sum was measured."""
    reason: str = ""
    """Reason of the verdict for a person: `cpu`, `wall`, `exit status 1`, `no such command`, what broke."""

    @property
    def stderr_tail(self) -> bytes:
        """The last 8192 bytes of `stderr`."""
        return self.stderr[-STDERR_TAIL:]


class ChangeKind(StrEnum):
    """What happened to a file."""

    ADDED = "added"
    CHANGED = "changed"
    DELETED = "deleted"


@dataclass(frozen=True, order=True)
class Change:
    """One file or symbolic link that differs from when the workspace was opened."""

    path: str
    """The path relative to the workspace, with `/` between its parts."""
    kind: ChangeKind


@dataclass(frozen=True)
class Quota:
    """The disk quota of a workspace, and the largest limits of its commands."""

    disk_mb: int = 4096
    """Megabytes that may be written to the workspace, to /tmp and to the home directory, each; held in memory."""
    limits: Limits = field(default=COMMAND_LIMITS)
    """The largest memory and number of processes that a command may request."""


class Workspace(Protocol):
    """A private view of a directory, which is itself never written to. Commands run one at a time.

    Every method but `close` raises SandboxError when the workspace is closed, and every method but `close` and `reset`
    when its jail was lost. Every method raises PathRefused for a path that leaves the workspace.
    """

    @property
    def isolation(self) -> str:
        """The isolation of commands from this machine, and the kind of view of the directory, in words for records."""

    @property
    def directory(self) -> Path:
        """The directory on this machine. In a jail, commands see the workspace at this path, else a copy elsewhere."""

    async def run(self, command: Command, output: Output | None = None) -> CommandResult:
        """The result of a command, after all processes that it started have ended.

        `output` gets the output while it is written. Waits until earlier commands have ended. Cancelling ends the
        command and all its processes; files that it wrote stay. A jail that is lost while the command runs is the
        verdict `sandbox_error`. In a sandbox, raises SandboxError where the command's limits exceed the quota.
        """

    async def changes(self) -> list[Change]:
        """Files and links added, changed and deleted outside `.git` since the workspace was opened, sorted by path."""

    async def read(self, path: str) -> bytes:
        """The contents of a file.

        Raises PathRefused where there is no file, where it lies outside the workspace, and, in a sandbox, where it has
        more than 128 MB.
        """

    async def write(self, path: str, data: bytes) -> None:
        """Make `data` the contents of a file; the file and its parent directories are created where they are missing.

        Raises PathRefused where the path lies outside the workspace, or names something other than a file.
        """

    async def diff(self) -> str:
        """A patch for `git apply` of all changed text files; other changed files are only named in it.

        A new link to a file in the workspace appears as a new file with the contents of that file.
        """

    async def export(self, destination: Path, paths: Sequence[str] | None = None) -> list[Path]:
        """Copy files (default: all added or changed ones) below `destination`; returns their new paths.

        Of a link to a file in the workspace, the contents of that file are copied; by default other links are left out.

        Raises PathRefused where `destination` lies in the directory, or a path names no file.
        """

    async def reset(self) -> None:
        """Bring the workspace back to the state in which it was opened; possible after the loss of its jail, too."""

    async def close(self) -> None:
        """End running commands and remove all that was written. Idempotent."""


def checked(path: str) -> str:
    """`path` in its simplest form. Raises PathRefused where it is absolute, climbs with `..`, or can name no file."""
    if not path or "\0" in path or path.startswith("/"):
        raise PathRefused(f"{path!r} is not a path relative to the workspace")
    parts = [part for part in path.split("/") if part not in ("", ".")]
    if ".." in parts:
        raise PathRefused(f"{path!r} leaves the workspace")
    return "/".join(parts) or "."
