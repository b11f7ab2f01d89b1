"""Reads the index: which files are tracked, and which of them may differ on disk.

The index remembers times, size and inode of each file whose contents it knows. A file that still has them is not read;
any other is, whatever flags such as assume-unchanged say. Raciness is judged as by git: a file written in the instant
in which the index was written, or later, may have changed without a trace.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path
from typing import NamedTuple

from agent.repository.errors import RepositoryError
from agent.repository.git.opened import Repository
from agent.repository.git.running import Git

LINK, SUBMODULE, PLAIN, EXECUTABLE = 0o120000, 0o160000, 0o100644, 0o100755

# Output of `ls-files --debug`, whose form git does not promise: entries of another form are taken as changed.
_DEBUG = (
    rb"(?:  ctime: (\d+):(\d+)\n  mtime: (\d+):(\d+)\n  dev: \d+\tino: (\d+)\n"
    rb"  uid: \d+\tgid: \d+\n  size: (\d+)\tflags: [0-9a-f]+\n)?"
)
_ENTRY = re.compile(rb"([A-Za-z?]) (\d{6}) ([0-9a-f]+) (\d)\t([^\0]+)\0" + _DEBUG)


class Entry(NamedTuple):
    """One entry of the index."""

    path: str
    mode: int
    blob: str
    stage: int
    """0, or the side of an unresolved merge."""
    is_sparse: bool
    """Whether the file is meant to be absent from disk (skip-worktree)."""
    times: tuple[int, int]
    """Remembered ctime and mtime in nanoseconds."""
    inode: int
    size: int


class Kind(Enum):
    """How a tracked file on disk compares with the index."""

    CLEAN = auto()
    CHANGED = auto()
    """A regular file or link that has to be read."""
    GONE = auto()
    ABSENT = auto()
    """Not on disk, and not meant to be."""
    SPECIAL = auto()
    """Neither file nor link: a pipe, a socket, a device."""
    SUBMODULE = auto()


@dataclass(frozen=True)
class Tracked:
    """One tracked file and how it is on disk."""

    entry: Entry
    kind: Kind
    status: os.stat_result | None
    """Status on disk; None where there is nothing."""


def read_index(git: Git) -> list[Entry]:
    """The entries of the index that `git` names, sorted by path as bytes. Raises RepositoryError where git's answer
    cannot be read.
    """
    output = git.run("ls-files", "--stage", "--debug", "-v", "-z", "--full-name")
    entries, end = [], 0
    for match in _ENTRY.finditer(output):
        if match.start() != end:
            break
        end = match.end()
        tag, mode, blob, stage, path, *numbers = match.groups()
        changed, changed_ns, modified, modified_ns, inode, size = (int(number or 0) for number in numbers)
        times = (changed * 10**9 + changed_ns, modified * 10**9 + modified_ns)
        entries.append(
            Entry(os.fsdecode(path), int(mode, 8), blob.decode(), int(stage), tag in b"Ss", times, inode, size)
        )
    if end != len(output):
        raise RepositoryError(f"git's list of files cannot be read at {output[end : end + 60]!r}")
    return entries


def compare(repository: Repository, entries: Sequence[Entry], written_ns: int) -> Iterator[Tracked]:
    """How each file of the index is on disk; `written_ns` is when the index was written."""
    folders = _Folders(repository.root)
    for entry in entries:
        try:
            status = os.lstat(folders.root + entry.path) if folders.is_real(entry.path) else None
        except (FileNotFoundError, NotADirectoryError):
            status = None
        yield Tracked(entry, _kind(entry, status, written_ns, repository.trusts_executable), status)


def _kind(entry: Entry, status: os.stat_result | None, written_ns: int, trusts_executable: bool) -> Kind:
    if entry.mode == SUBMODULE and (status is None or stat.S_ISDIR(status.st_mode)):
        return Kind.SUBMODULE
    if status is None:
        return Kind.ABSENT if entry.is_sparse else Kind.GONE
    if stat.S_ISDIR(status.st_mode):
        return Kind.GONE
    if not stat.S_ISREG(status.st_mode) and not stat.S_ISLNK(status.st_mode):
        return Kind.SPECIAL
    same = _has_mode(entry.mode, status.st_mode, trusts_executable) and _is_remembered(entry, status)
    return Kind.CLEAN if same and entry.times[1] < written_ns else Kind.CHANGED


def _has_mode(mode: int, on_disk: int, trusts_executable: bool) -> bool:
    if stat.S_IFMT(mode) != stat.S_IFMT(on_disk):
        return False
    return mode == LINK or not trusts_executable or bool(mode & 0o100) == bool(on_disk & 0o100)


def _is_remembered(entry: Entry, status: os.stat_result) -> bool:
    # The index holds 32 bits of sizes and inodes; a size of 0 is also its mark of files that must be read.
    same_size = entry.size == status.st_size & 0xFFFFFFFF
    same_inode = entry.inode == status.st_ino & 0xFFFFFFFF
    return same_size and same_inode and entry.times == (status.st_ctime_ns, status.st_mtime_ns)


class _Folders:
    """Which folders of the tree are real, and not reached through a link."""

    def __init__(self, root: Path) -> None:
        self.root = str(root) + "/"
        self._real = {"": True}

    def is_real(self, path: str) -> bool:
        """Whether all folders above the path are folders of the tree itself."""
        above = path.rpartition("/")[0]
        if above not in self._real:
            self._real[above] = self.is_real(above) and self._is_folder(above)
        return self._real[above]

    def _is_folder(self, path: str) -> bool:
        try:
            return stat.S_ISDIR(os.lstat(self.root + path).st_mode)
        except (FileNotFoundError, NotADirectoryError):
            return False
