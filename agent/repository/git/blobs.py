"""Objects in and out: contents of files to blobs, byte for byte, and back."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock

from agent.repository.errors import RepositoryError
from agent.repository.git.paths import quoted
from agent.repository.git.running import Git, Process

SYNCED = ("-c", "core.fsync=committed,loose-object", "-c", "core.fsyncMethod=fsync")
"""Options of git for objects that must survive a power failure."""


def write_blobs(git: Git, contents: Sequence[bytes | Path], *options: str) -> list[str]:
    """Object names of these contents, or of these regular files as they are on disk, once they are in the database.

    Raises RepositoryError where a file cannot be read.
    """
    if not contents:
        return []
    with TemporaryDirectory(prefix="cure-agent-blobs-") as folder:
        files = [_as_file(each, Path(folder) / str(number)) for number, each in enumerate(contents)]
        lines = b"".join(quoted(str(file)) + b"\n" for file in files)
        return git.run(*options, "hash-object", "-w", "--no-filters", "--stdin-paths", stdin=lines).decode().split()


def _as_file(contents: bytes | Path, place: Path) -> Path:
    if isinstance(contents, bytes):
        place.write_bytes(contents)
        return place
    return contents


class Blobs:
    """Reads contents of blobs through one long-lived git process, which is started at the first one."""

    def __init__(self, git: Git) -> None:
        self._git = git
        self._process: Process | None = None
        self._lock = Lock()

    def read(self, name: str) -> bytes:
        """Contents of a blob. Raises RepositoryError where the repository has no such object, for example because a
        partial clone has not fetched it.
        """
        with self._lock:
            if self._process is None:
                self._process = self._git.start("cat-file", "--batch")
            stdin, stdout = self._process.stdin, self._process.stdout
            stdin.write(name.encode() + b"\n")
            stdin.flush()
            header = os.fsdecode(stdout.readline()).split()
            if len(header) != 3:
                state = header[-1] if header else "lost: the git process ended"
                raise RepositoryError(
                    f"object {name} is {state}; in a partial clone, fetch it with `git cat-file -p {name}`"
                )
            return stdout.read(int(header[2]) + 1)[:-1]

    def close(self) -> None:
        """End the process. Idempotent."""
        with self._lock:
            if self._process is not None:
                self._process.close()
            self._process = None


def sizes(git: Git, names: Sequence[str]) -> list[int | None]:
    """Sizes of objects in bytes; None for one that is missing."""
    if not names:
        return []
    lines = git.run("cat-file", "--batch-check=%(objectsize)", "--buffer", stdin="\n".join([*names, ""]).encode())
    return [int(line) if line.isdigit() else None for line in lines.decode().splitlines()]
