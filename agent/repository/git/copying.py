"""Copies files of the user's tree into a worktree."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Sequence
from pathlib import Path

from agent.repository.git.disk import Obstacle, folder_of, make_folders
from agent.repository.git.untracked import LeftOut

LARGEST_COPY = 100 << 20
"""Bytes of the largest file that is copied."""


def copy_files(source: Path, target: Path, paths: Sequence[str]) -> tuple[tuple[str, ...], tuple[LeftOut, ...]]:
    """Copy regular files and links by their paths; the copied ones, and the others with the reasons.

    Links are copied as links. Raises OSError where `target` cannot be written.
    """
    copied: list[str] = []
    left_out: list[LeftOut] = []
    for path in paths:
        try:
            with folder_of(source, path) as (at, name):
                _copy(at, name, target, path)
            copied.append(path)
        except (FileNotFoundError, PermissionError, Obstacle) as problem:
            left_out.append(LeftOut(path, str(problem) if isinstance(problem, Obstacle) else "cannot be read"))
    return tuple(copied), tuple(left_out)


def _copy(at: int, name: str, target: Path, path: str) -> None:
    status = os.stat(name, dir_fd=at, follow_symlinks=False)
    if status.st_size > LARGEST_COPY:
        raise Obstacle(f"{status.st_size >> 20} MiB, more than {LARGEST_COPY >> 20} MiB")
    make_folders(target, path, {}, [])
    place = target / path
    place.unlink(missing_ok=True)
    if stat.S_ISLNK(status.st_mode):
        place.symlink_to(os.readlink(name, dir_fd=at))
        return
    if not stat.S_ISREG(status.st_mode):
        raise Obstacle("not a regular file")
    descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=at)
    with os.fdopen(descriptor, "rb") as given, place.open("xb") as copy:
        shutil.copyfileobj(given, copy)
        os.fchmod(copy.fileno(), stat.S_IMODE(status.st_mode))
