"""Files that git does not track: which ones belong to a snapshot, and which are left out and named."""

from __future__ import annotations

import os
import stat
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from agent.repository.git.running import Git

LARGEST = 10 << 20
"""Bytes of the largest file that is recorded without being tracked."""
MOST = 200
"""The largest number of files of one folder that are recorded without being tracked."""


@dataclass(frozen=True, order=True)
class LeftOut:
    """A file or folder that a snapshot does not have as it is on disk."""

    path: str
    """Path from the top of the tree; a folder's ends with `/`."""
    reason: str
    """Why, in words for the user."""
    is_stored: bool = False
    """Whether the snapshot has the file as git stores it: a pointer to a large file, for example."""


def list_untracked(git: Git) -> list[str]:
    """Paths of the files that are neither tracked nor ignored; a repository inside the tree is one path with a final
    `/`.
    """
    listed = git.run("ls-files", "--others", "--exclude-standard", "-z", "--full-name")
    return [os.fsdecode(path) for path in listed.split(b"\0") if path]


def within_limits(root: Path, untracked: Sequence[str], tracked: Collection[str]) -> tuple[list[str], list[LeftOut]]:
    """Paths of untracked files that a snapshot records, and what it leaves out: repositories inside the tree, folders
    of more than MOST files, and files of more than LARGEST bytes or that cannot be read.
    """
    groups: dict[str, list[str]] = defaultdict(list)
    folders = {folder for path in tracked for folder in _above(path)}
    for path in untracked:
        groups[_new_folder(path, folders)].append(path)
    kept: list[str] = []
    left_out: list[LeftOut] = []
    for folder, paths in groups.items():
        if len(paths) > MOST:
            many = f"{len(paths)} files that git does not track, more than {MOST}"
            left_out.append(LeftOut(f"{folder}/" if folder else "./", many))
            continue
        for path in paths:
            reason = _refusal(root, path)
            if reason is None:
                kept.append(path)
            elif reason:
                left_out.append(LeftOut(path, reason))
    return kept, left_out


def _above(path: str) -> Iterator[str]:
    """The folders above a path, the nearest first, without the root."""
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path


def _new_folder(path: str, folders: Collection[str]) -> str:
    """The topmost folder above `path` in which nothing is tracked; else the folder that the file lies in."""
    above = list(_above(path.rstrip("/")))
    new = [folder for folder in above if folder not in folders]
    return new[-1] if new else above[0] if above else ""


def _refusal(root: Path, path: str) -> str | None:
    """Why a file is left out; empty where it has gone meanwhile, None where it is not left out."""
    if path.endswith("/"):
        return "a repository of its own"
    try:
        status = os.lstat(root / path)
    except (FileNotFoundError, NotADirectoryError):
        return ""
    if stat.S_ISLNK(status.st_mode):
        return None
    if status.st_size > LARGEST:
        return f"{status.st_size / (1 << 20):.1f} MiB that git does not track, more than {LARGEST >> 20} MiB"
    return None if os.access(root / path, os.R_OK) else "cannot be read"
