"""What a workspace is: a directory nobody's own files lie in, and commands run there one after another."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from sandbox.errors import SandboxError
from sandbox.protocol import Limits, Verdict

COMMAND_LIMITS = Limits(cpu_s=600, wall_s=900, memory_mb=4096, output_bytes=16 << 20, processes=512)
"""What a command may use unless told otherwise: room for a test suite or a build."""
STDERR_TAIL = 8192

Output = Callable[[str, bytes], None]
"""Called with `stdout` or `stderr` and the bytes, as a command writes them; must return quickly."""


class PathRefused(SandboxError):
    """A path that leaves the workspace, or names nothing that can be read or written there."""


class SetupFailed(SandboxError):
    """A command that prepares the environment failed; the message has the tail of its output."""


@dataclass(frozen=True)
class Setup:
    """Commands that prepare an environment under /env, which is kept and used again, read-only."""

    commands: tuple[str, ...]
    """For /bin/sh, one after another, in a throw-away workspace over the directory; all they leave in /env is kept."""
    key_files: tuple[str, ...] = ()
    """Files of the directory whose contents decide, with the commands, whether a kept environment still fits."""
    network: bool = False
    """Whether the commands may use the network. What runs in the environment later may not because of this."""
    limits: Limits = COMMAND_LIMITS


@dataclass(frozen=True)
class CommandResult:
    """What became of one command."""

    command: tuple[str, ...]
    verdict: Verdict
    """`ok` is exit status 0 within the limits."""
    stdout: bytes = b""
    """At most `output_bytes`, from the start; stderr the same."""
    stderr: bytes = b""
    exit_code: int | None = None
    signal: int | None = None
    cpu_s: float = 0.0
    """Of the command and everything it started."""
    wall_s: float = 0.0
    peak_memory_kb: int = 0
    """Of its largest process, or of all together where more was seen at one time."""
    reason: str = ""
    """Why, in a few words for a person: `cpu`, `wall`, `exit status 1`, `no such command`, what broke."""

    @property
    def stderr_tail(self) -> bytes:
        return self.stderr[-STDERR_TAIL:]


class ChangeKind(StrEnum):
    ADDED = "added"
    CHANGED = "changed"
    DELETED = "deleted"


@dataclass(frozen=True, order=True)
class Change:
    """One file or symbolic link that is not as it was when the workspace was opened."""

    path: str
    """Relative to the workspace, with `/`."""
    kind: ChangeKind


@dataclass(frozen=True)
class Room:
    """What a workspace has room for, beyond the limits of its commands."""

    disk_mb: int = 4096
    """Most of what may be written to the workspace, to /tmp and to the home directory, each; held in memory."""
    limits: Limits = field(default=COMMAND_LIMITS)
    """The most a command may ask for."""


class Workspace(Protocol):
    """A private view of a directory, which itself is never written to. Commands are run one at a time."""

    @property
    def isolation(self) -> str:
        """What separates a command from this machine, and how the directory is kept, in words for records."""

    @property
    def directory(self) -> Path:
        """The directory as it is outside; commands see their own view at the same path."""

    async def run(
        self,
        command: Sequence[str] | str,
        *,
        limits: Limits = COMMAND_LIMITS,
        stdin: bytes = b"",
        env: Mapping[str, str] | None = None,
        cwd: str = ".",
        output: Output | None = None,
    ) -> CommandResult:
        """The result of a command, a string being one for /bin/sh; nothing it started is left.

        Waits for its turn. Cancelling ends the command and everything it started; what it wrote stays.
        """

    async def changes(self) -> list[Change]:
        """Files and links added, changed and deleted since the workspace was opened, in order of their paths."""

    async def read(self, path: str) -> bytes:
        """The contents of a file; PathRefused where there is none, or where it lies outside the workspace."""

    async def write(self, path: str, data: bytes) -> None:
        """Make `data` the contents of a file, and its parent directories where they are missing."""

    async def diff(self) -> str:
        """The changes as a patch of text files, as `git apply` takes it; others are named and left out."""

    async def export(self, destination: Path, paths: Sequence[str] | None = None) -> list[Path]:
        """Files written below `destination`: these, or all that were added or changed. Links are left out."""

    async def reset(self) -> None:
        """Back to how it was opened."""

    async def close(self) -> None:
        """End it and remove what it holds. Idempotent."""


def checked(path: str) -> str:
    """`path` in its simplest form; PathRefused where it is absolute, climbs, or can name no file."""
    if not path or "\0" in path or path.startswith("/"):
        raise PathRefused(f"{path!r} is not a path relative to the workspace")
    parts = [part for part in path.split("/") if part not in ("", ".")]
    if ".." in parts:
        raise PathRefused(f"{path!r} leaves the workspace")
    return "/".join(parts) or "."


def words(command: Sequence[str] | str) -> tuple[str, ...]:
    """The command as a list of words; a string is a script for the shell."""
    listed = ("/bin/sh", "-c", command) if isinstance(command, str) else tuple(command)
    if not listed or not listed[0]:
        raise ValueError("a command needs at least one word")
    if any("\0" in word for word in listed):
        raise ValueError("a command holds no NUL")
    return listed
