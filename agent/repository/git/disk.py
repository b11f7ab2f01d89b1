"""Reads and replaces regular files of a working tree, never through a link.

Every folder on the way to a file is opened in turn and must be a real folder: a path cannot lead out of the tree, not
even if somebody swaps a folder for a link in the meantime.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from agent.repository.git.paths import checked_path

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True)
class Contents:
    """A regular file."""

    data: bytes = field(repr=False)
    executable: bool = False
    permissions: int | None = field(default=None, compare=False)
    """All permission bits; None where the system's defaults are meant."""


class Obstacle(Exception):
    """Something that is not a regular file is in the way; the message says what."""


@contextmanager
def folder_of(root: Path, path: str) -> Iterator[tuple[int, str]]:
    """A descriptor of the folder that a file lies in, and the file's name there.

    Raises FileNotFoundError where there is no such folder, Obstacle where something else is, RepositoryError for a path
    that leaves the tree.
    """
    *folders, name = checked_path(path).split("/")
    at = os.open(root, _FOLDER)
    try:
        for number, folder in enumerate(folders):
            try:
                inner = os.open(folder, _FOLDER, dir_fd=at)
            except FileNotFoundError:
                raise
            except OSError as error:
                where = "/".join(folders[: number + 1])
                raise Obstacle(f"{where} is not a folder of the tree ({error.strerror})") from error
            os.close(at)
            at = inner
        yield at, name
    finally:
        os.close(at)


def read_file(root: Path, path: str) -> Contents | None:
    """A file on disk; None where there is none. Raises Obstacle where something else is, or it cannot be read."""
    try:
        with folder_of(root, path) as (at, name):
            return read_at(at, name)
    except FileNotFoundError:
        return None


def read_at(at: int, name: str) -> Contents:
    """A file in an open folder. Raises FileNotFoundError where there is none, Obstacle like `read_file`."""
    try:
        status = os.stat(name, dir_fd=at, follow_symlinks=False)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise Obstacle(str(error.strerror)) from error
    if not stat.S_ISREG(status.st_mode):
        kinds = {stat.S_IFLNK: "a link", stat.S_IFDIR: "a folder"}
        raise Obstacle(f"{kinds.get(stat.S_IFMT(status.st_mode), 'no regular file')} is there")
    try:
        # A pipe that took the file's place meanwhile must not make this wait.
        descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=at)
    except PermissionError as error:
        raise Obstacle("it cannot be read") from error
    with os.fdopen(descriptor, "rb") as file:
        permissions = stat.S_IMODE(os.fstat(descriptor).st_mode)
        return Contents(file.read(), bool(permissions & stat.S_IXUSR), permissions)


def folder_permissions(root: Path, path: str) -> dict[str, int]:
    """Permissions of the folders above a file that exist, by their paths."""
    parts = path.split("/")[:-1]
    found: dict[str, int] = {}
    for end in range(1, len(parts) + 1):
        folder = "/".join(parts[:end])
        try:
            status = os.lstat(root / folder)
        except (FileNotFoundError, NotADirectoryError):
            break
        if not stat.S_ISDIR(status.st_mode):
            break
        found[folder] = stat.S_IMODE(status.st_mode)
    return found


@dataclass(frozen=True)
class Beside:
    """Names of the two files that lie beside a file while it is replaced."""

    new: str
    old: str


def beside(path: str) -> Beside:
    """The names for a file: the same in every process, so that the next one can clean up."""
    key = sha256(os.fsencode(path)).hexdigest()[:16]
    return Beside(f".cure-agent-{key}.new", f".cure-agent-{key}.old")


def make_folders(root: Path, path: str, permissions: Mapping[str, int], made: list[str]) -> None:
    """Make the folders above a file that are missing, with these permissions if given; adds their paths to `made`.

    Raises OSError where that fails, Obstacle where something else is there.
    """
    parts = checked_path(path).split("/")
    for end in range(1, len(parts)):
        folder = "/".join(parts[:end])
        with folder_of(root, folder) as (at, name):
            try:
                os.mkdir(name, dir_fd=at)
            except FileExistsError:
                continue
            made.append(folder)
            if folder in permissions:
                os.chmod(name, permissions[folder], dir_fd=at)


def write_beside(at: int, name: str, contents: Contents, like: os.stat_result | None) -> None:
    """Write a new file with the permissions of `contents`, and the owner of `like` where this process may set it.

    Raises OSError where that fails; what was written stays.
    """
    mode = 0o777 if contents.executable else 0o666
    descriptor = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, mode, dir_fd=at)
    with os.fdopen(descriptor, "wb") as file:
        file.write(contents.data)
        file.flush()
        if like is not None and (like.st_uid, like.st_gid) != _owner(descriptor):
            _give(descriptor, like)
        if contents.permissions is not None:
            os.fchmod(descriptor, contents.permissions)
        os.fsync(descriptor)


def _owner(descriptor: int) -> tuple[int, int]:
    status = os.fstat(descriptor)
    return status.st_uid, status.st_gid


def _give(descriptor: int, like: os.stat_result) -> None:
    """Only root may give files away; anybody else's new file is their own, as with every editor."""
    try:
        os.fchown(descriptor, like.st_uid, like.st_gid)
    except PermissionError:
        return


def remove_quietly(at: int, name: str) -> None:
    """Remove a file if it is there."""
    try:
        os.unlink(name, dir_fd=at)
    except FileNotFoundError:
        return


def remove_empty(root: Path, folders: list[str]) -> None:
    """Remove those of these folders that are empty."""
    for folder in sorted(folders, key=len, reverse=True):
        try:
            with folder_of(root, folder) as (at, name):
                os.rmdir(name, dir_fd=at)
        except (OSError, Obstacle):
            continue
