"""Files of a repository as values, which all parts of this package take and return."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

Changed = Mapping[str, bytes | None]
"""New contents of files by their paths, relative to the repository's root with `/`; None where the file is deleted."""


class Files(Protocol):
    """The files of one state of a repository. Reading them runs nothing of the repository, no filter and no hook."""

    @property
    def paths(self) -> Sequence[str]:
        """Sorted paths of the regular files, relative to the repository's root with `/`; no links, no submodules."""

    def read(self, path: str) -> bytes:
        """The contents of a file. Raises KeyError where there is no such file."""

    def blob(self, path: str) -> str:
        """A name of the contents, equal for equal contents: a key for caches. Raises KeyError where there is no such
        file.
        """


@dataclass(frozen=True)
class ChangedFiles:
    """The files of another state with some of them changed."""

    base: Files
    changed: Changed

    @property
    def paths(self) -> Sequence[str]:
        """Sorted paths, without the deleted files and with the new ones."""
        kept = {path for path in self.base.paths if path not in self.changed}
        return sorted(kept | {path for path, data in self.changed.items() if data is not None})

    def read(self, path: str) -> bytes:
        """The contents of a file, changed or not. Raises KeyError where there is no such file."""
        if path not in self.changed:
            return self.base.read(path)
        data = self.changed[path]
        if data is None:
            raise KeyError(path)
        return data

    def blob(self, path: str) -> str:
        """Git's object name of the contents of a changed file, the base's name of any other. Raises KeyError where
        there is no such file.
        """
        return blob_name(self.read(path)) if path in self.changed else self.base.blob(path)


def blob_name(data: bytes) -> str:
    """The name that git gives these contents in a repository with SHA-1 object names."""
    from hashlib import sha1

    return sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
