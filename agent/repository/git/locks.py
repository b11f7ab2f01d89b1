"""Who may work in a working tree now: git commands of others, and one process of this program at a time."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from agent.repository.errors import RepositoryError
from agent.repository.git.opened import Repository
from agent.repository.git.paths import shown

PATIENCE_S = 10.0
"""Seconds to wait until another process of this program has written its files."""


def refuse_locked(repository: Repository) -> None:
    """Raise RepositoryError where a git command holds the index, so that files may be about to change."""
    lock = repository.index.with_name(repository.index.name + ".lock")
    if os.path.lexists(lock):
        raise RepositoryError(
            f"another git command is working in this repository ({lock} exists); wait until it has ended, or remove "
            "that file if the command was killed"
        )


@contextmanager
def only_writer(repository: Repository, patience_s: float = PATIENCE_S) -> Iterator[None]:
    """Hold the right to write files of the working tree. The lock is on its top folder and ends with the process.

    Raises RepositoryError where another process keeps it longer than `patience_s` seconds.
    """
    with held(repository.root, patience_s) as is_held:
        if not is_held:
            raise RepositoryError(f"another process of cure-agent is writing in {repository.root}; try again")
        yield


@contextmanager
def held(folder: Path, patience_s: float = 0.0) -> Iterator[bool]:
    """Whether an exclusive lock on a folder was got, which is held as long as the context is open."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        yield lock(descriptor, patience_s)
    finally:
        os.close(descriptor)


def lock(descriptor: int, patience_s: float = 0.0) -> bool:
    """Whether an exclusive lock on an open folder was got; it ends when the descriptor is closed."""
    end = time.monotonic() + patience_s
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= end:
                return False
            time.sleep(0.02)
        else:
            return True


def named(paths: Sequence[str], most: int = 10) -> str:
    """Paths for a message: the first ones, and how many more there are."""
    more = f" and {len(paths) - most} more" if len(paths) > most else ""
    return ", ".join(shown(path) for path in paths[:most]) + more
