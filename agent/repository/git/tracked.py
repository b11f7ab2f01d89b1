"""Reads the index: which files are tracked, and which of them may differ on disk.

The index remembers times and size of each file whose contents it knows. A file that still has them is not read; any
other is, whatever flags such as assume-unchanged say. Raciness is judged as by git: a file written in the instant
in which the index was written, or later, may have changed without a trace.
"""

from __future__ import annotations

import os
import re
import stat
import sys
from collections.abc import Sequence
from enum import Enum, auto
from pathlib import Path
from typing import NamedTuple

from agent.repository.errors import RepositoryError
from agent.repository.git.opened import Repository
from agent.repository.git.running import Git

LINK, SUBMODULE, PLAIN, EXECUTABLE = 0o120000, 0o160000, 0o100644, 0o100755
_FILE, _FOLDER = 0o100000, 0o040000

# Output of `ls-files --debug`, whose form git does not promise: entries of another form are taken as changed.
_ENTRY = re.compile(
    rb"([A-Za-z?]) (\d{6}) ([0-9a-f]+) (\d)\t([^\0]+)\0"
    rb"(?:  ctime: (\d+:\d+\n  mtime: \d+:\d+)\n  dev: \d+\tino: \d+\n"
    rb"  uid: \d+\tgid: \d+\n  size: (\d+)\tflags: [0-9a-f]+\n)?"
)
_EMPTY = {
    "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391",
    "473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813",
}
"""Names of the blob without contents."""


class Entry(NamedTuple):
    """One entry of the index."""

    path: str
    mode: int
    blob: str
    stage: int
    """0, or the side of an unresolved merge."""
    is_sparse: bool
    """Whether the file is meant to be absent from disk (skip-worktree)."""
    times: bytes
    size: bytes
    """Remembered times and size, as git prints them; empty where it prints something else."""


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


class Tracked(NamedTuple):
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
    encoding = sys.getfilesystemencoding()
    found = _ENTRY.findall(output)
    # This line and the loop below run for each file: they are written for speed.
    entries = [
        Entry(
            path.decode(encoding, "surrogateescape"), int(mode, 8), blob.decode(), int(stage), tag in b"Ss", times, size
        )
        for tag, mode, blob, stage, path, times, size in found
    ]
    if len(found) != output.count(b"\0"):
        raise RepositoryError(f"git's list of files cannot be read: {output[:60]!r}")
    return entries


def compare(repository: Repository, entries: Sequence[Entry], written_ns: int) -> list[Tracked]:
    """How each file of the index is on disk; `written_ns` is when the index was written."""
    folders = _Folders(repository.root)
    trusts_executable = repository.trusts_executable
    root, lstat, found = folders.root, os.lstat, []
    for entry in entries:
        try:
            status = lstat(root + entry.path) if folders.is_real(entry.path) else None
        except (FileNotFoundError, NotADirectoryError):
            status = None
        found.append(Tracked(entry, _kind(entry, status, written_ns, trusts_executable), status))
    return found


def _kind(entry: Entry, status: os.stat_result | None, written_ns: int, trusts_executable: bool) -> Kind:
    if status is None:
        return Kind.SUBMODULE if entry.mode == SUBMODULE else Kind.ABSENT if entry.is_sparse else Kind.GONE
    kind = status.st_mode & 0o170000
    if kind == entry.mode & 0o170000 and kind in (_FILE, LINK):
        has_mode = kind == LINK or not trusts_executable or not (entry.mode ^ status.st_mode) & 0o100
        is_clean = has_mode and status.st_mtime_ns < written_ns and _is_remembered(entry, status)
        return Kind.CLEAN if is_clean else Kind.CHANGED
    if kind == _FOLDER:
        return Kind.SUBMODULE if entry.mode == SUBMODULE else Kind.GONE
    return Kind.CHANGED if kind in (_FILE, LINK) else Kind.SPECIAL


def _is_remembered(entry: Entry, status: os.stat_result) -> bool:
    """Whether times and size are those in the index; every other change of a file changes its ctime, too."""
    # The index holds 32 bits of a size, and 0 is also its mark of files that must be read.
    size = status.st_size & 0xFFFFFFFF
    if entry.size != b"%d" % size or (size == 0 and entry.blob not in _EMPTY):
        return False
    changed, modified = divmod(status.st_ctime_ns, 10**9), divmod(status.st_mtime_ns, 10**9)
    return entry.times == b"%d:%d\n  mtime: %d:%d" % (*changed, *modified)


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
