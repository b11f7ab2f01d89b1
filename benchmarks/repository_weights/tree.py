"""The files of a commit, read from the object database of a repository that needs no working tree."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path


def git(repository: Path, *command: str) -> bytes:
    """What a git command prints. Raises CalledProcessError where it fails."""
    return subprocess.run(["git", "-C", repository, *command], stdout=subprocess.PIPE, check=True).stdout


class Objects:
    """Reads objects through one git process."""

    def __init__(self, repository: Path) -> None:
        self.repository = repository
        self._known: dict[str, bytes] = {}
        self._process = subprocess.Popen(
            ["git", "-C", repository, "cat-file", "--batch"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    def read(self, name: str) -> bytes:
        """The contents of a blob."""
        if name not in self._known:
            assert self._process.stdin and self._process.stdout
            self._process.stdin.write(name.encode() + b"\n")
            self._process.stdin.flush()
            length = int(self._process.stdout.readline().split()[2])
            self._known[name] = self._process.stdout.read(length)
            self._process.stdout.read(1)
        return self._known[name]


class Tree:
    """The regular files of a commit; implements `Files`."""

    def __init__(self, objects: Objects, commit: str) -> None:
        self._objects = objects
        self._commit = commit

    @cached_property
    def _names(self) -> dict[str, str]:
        listed = git(self._objects.repository, "ls-tree", "-r", "-z", "--full-tree", self._commit).split(b"\0")
        pairs = (entry.split(b"\t", 1) for entry in listed if entry.startswith(b"100"))
        return {path.decode("utf-8", "surrogateescape"): head.split()[2].decode() for head, path in pairs}

    @property
    def paths(self) -> Sequence[str]:
        return sorted(self._names)

    def read(self, path: str) -> bytes:
        return self._objects.read(self._names[path])

    def blob(self, path: str) -> str:
        return self._names[path]
