"""Empties the directories that programs may write to, whatever a program left there."""

from __future__ import annotations

import os
from contextlib import suppress
from stat import S_IMODE, S_ISDIR


class Directory:
    """A directory that programs may write to, and its state before the first program."""

    def __init__(self, path: str) -> None:
        self._path = path
        # Opened now, so that the directory stays readable whatever mode a program gives it.
        self._fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        status = os.fstat(self._fd)
        self._mode, self._modified_ns, self._size = status.st_mode, status.st_mtime_ns, status.st_size
        try:
            os.listxattr(self._fd)
        except OSError:
            self._has_attributes = False
        else:
            self._has_attributes = True
        self._counts = self._has_size_of_entries()

    def _has_size_of_entries(self) -> bool:
        """Whether the directory's size tells if the directory is empty: in a tmpfs every entry adds to the size."""
        marker = f"{self._path}/marker"
        os.close(os.open(marker, os.O_CREAT | os.O_EXCL))
        grown = os.fstat(self._fd).st_size > self._size
        os.unlink(marker)
        self.restore()
        return grown and os.fstat(self._fd).st_size == self._size

    def changed(self) -> bool:
        """Whether the directory has an entry, or another mode, time or attribute than before the first program."""
        status = os.fstat(self._fd)
        if status.st_mtime_ns != self._modified_ns or status.st_mode != self._mode:
            return True
        if self._counts:
            return status.st_size != self._size or bool(self._attributes())
        return bool(os.listdir(self._fd)) or bool(self._attributes())

    def restore(self) -> None:
        """Restore mode and time of the directory, and remove its extended attributes."""
        with suppress(PermissionError):
            os.fchmod(self._fd, S_IMODE(self._mode))
            for name in self._attributes():
                os.removexattr(self._fd, name)
        os.utime(self._fd, ns=(self._modified_ns, self._modified_ns))

    def _attributes(self) -> list[str]:
        return [name for name in os.listxattr(self._fd) if name.startswith("user.")] if self._has_attributes else []

    def empty(self) -> None:
        """Remove everything in the directory, unreadable trees and trees too deep for recursion or a path included."""
        os.chdir(self._path)
        levels = [_unlink_files()]
        path: list[str] = []
        while True:
            if levels[-1]:
                name = levels[-1].pop()
                os.chmod(name, 0o700)
                os.chdir(name)
                path.append(name)
                levels.append(_unlink_files())
            elif path:
                levels.pop()
                os.chdir("..")
                with suppress(OSError):
                    os.rmdir(path.pop())
            else:
                return


def _unlink_files() -> list[str]:
    """Remove everything but directories from the current directory; returns the names of the directories."""
    directories = []
    for name in os.listdir("."):
        if S_ISDIR(os.lstat(name).st_mode):
            directories.append(name)
        else:
            with suppress(OSError):
                os.unlink(name)
    return directories
