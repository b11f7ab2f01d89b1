"""Empties the directories a program may write to, whatever it left there."""

from __future__ import annotations

import os
from contextlib import suppress
from stat import S_ISDIR


def littered(directories: list[str]) -> bool:
    """Whether anything lies in them."""
    return any(os.listdir(directory) for directory in directories)


def empty(directory: str) -> None:
    """Remove everything in `directory`: unreadable trees, trees too deep for recursion or for a path name."""
    os.chdir(directory)
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
    """Directories in the current directory, after everything else in it is gone."""
    directories = []
    for name in os.listdir("."):
        if S_ISDIR(os.lstat(name).st_mode):
            directories.append(name)
        else:
            with suppress(OSError):
                os.unlink(name)
    return directories
