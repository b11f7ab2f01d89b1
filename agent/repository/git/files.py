"""The files of a recorded state, read from the object database."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cached_property

from agent.repository.git.blobs import Blobs
from agent.repository.git.running import Git


class SnapshotFiles:
    """The regular files of a tree; implements `Files`.

    Names that are not UTF-8 hold surrogate escapes, as everywhere in Python.
    """

    def __init__(self, git: Git, tree: str) -> None:
        self._git = git
        self.tree = tree
        """Object name of the tree."""
        self._blobs = Blobs(git)

    @cached_property
    def modes(self) -> dict[str, tuple[int, str]]:
        """Mode and object name of everything in the tree by path: files, links (0o120000), submodules (0o160000)."""
        listed = self._git.run("ls-tree", "-r", "-z", "--full-tree", self.tree).split(b"\0")
        pairs = (entry.split(b"\t", 1) for entry in listed if entry)
        return {os.fsdecode(path): (int(head[:6], 8), head.split(b" ")[2].decode()) for head, path in pairs}

    @cached_property
    def paths(self) -> Sequence[str]:
        """Sorted paths of the regular files."""
        return sorted(path for path, (mode, _) in self.modes.items() if _is_file(mode))

    def read(self, path: str) -> bytes:
        """The contents of a file. Raises KeyError where there is no such file, RepositoryError where its object is
        missing.
        """
        return self._blobs.read(self.blob(path))

    def blob(self, path: str) -> str:
        """Git's object name of the contents. Raises KeyError where there is no such file."""
        mode, name = self.modes[path]
        if not _is_file(mode):
            raise KeyError(path)
        return name

    def close(self) -> None:
        """End the git process that reads. Idempotent; reading starts a new one."""
        self._blobs.close()


def _is_file(mode: int) -> bool:
    return mode & 0o170000 == 0o100000
