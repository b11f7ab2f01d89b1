"""Replaces several files of a working tree: all of them, or none.

First everything that can fail for want of space or rights is done beside the files: the new contents are written, and
a second name keeps the old ones. Then each file is replaced in one step. A failure brings the old files back, the very
ones, by their second names.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from agent.repository.errors import RepositoryError
from agent.repository.git.disk import (
    Contents,
    Obstacle,
    beside,
    folder_of,
    make_folders,
    read_at,
    read_file,
    remove_empty,
    remove_quietly,
    write_beside,
)


@dataclass(frozen=True)
class FileStep:
    """One file to be replaced, made (`before` is None) or removed (`after` is None)."""

    path: str
    before: Contents | None
    after: Contents | None


def replace_files(root: Path, steps: Sequence[FileStep], folders: Mapping[str, int]) -> None:
    """Bring all these files from `before` to `after`. Folders that are missing are made, with the permissions that
    `folders` has for them; a folder that a removal leaves empty is removed, unless `folders` has it.

    Raises RepositoryError, with everything as it was, where one of them is not as in `before` any more, or cannot be
    written.
    """
    made: list[str] = []
    done: list[FileStep] = []
    try:
        for step in steps:
            if step.after is not None:
                make_folders(root, step.path, folders, made)
            _prepare(root, step)
        for step in steps:
            _refuse_changed(root, step)
        for step in steps:
            done.append(step)
            _replace(root, step)
    except BaseException as error:
        _take_back(root, done)
        clean(root, [step.path for step in steps])
        remove_empty(root, made)
        if isinstance(error, (OSError, Obstacle)):
            raise RepositoryError(f"nothing was changed, since a file cannot be written: {error}") from error
        raise
    clean(root, [step.path for step in steps])
    remove_emptied(root, steps, folders)


def remove_emptied(root: Path, steps: Sequence[FileStep], kept: Collection[str]) -> None:
    """Remove the folders that removals of files have left empty, but for the ones to be kept."""
    above = {folder for step in steps if step.after is None for folder in folders_above(step.path)}
    remove_empty(root, sorted(above - set(kept)))


def clean(root: Path, paths: Iterable[str]) -> None:
    """Remove what lies beside these files."""
    for path in paths:
        with suppress(FileNotFoundError, Obstacle), folder_of(root, path) as (at, _):
            names = beside(path)
            remove_quietly(at, names.new)
            remove_quietly(at, names.old)


def _prepare(root: Path, step: FileStep) -> None:
    names = beside(step.path)
    with folder_of(root, step.path) as (at, name):
        remove_quietly(at, names.new)
        remove_quietly(at, names.old)
        like = None
        if step.before is not None:
            like = os.stat(name, dir_fd=at, follow_symlinks=False)
            _second_name(at, name, names.old, like)
        if step.after is not None:
            write_beside(at, names.new, step.after, like)


def _second_name(at: int, name: str, second: str, like: os.stat_result) -> None:
    try:
        os.link(name, second, src_dir_fd=at, dst_dir_fd=at, follow_symlinks=False)
    except OSError:
        # Some file systems have no second names.
        write_beside(at, second, read_at(at, name), like)


def _refuse_changed(root: Path, step: FileStep) -> None:
    if read_file(root, step.path) != step.before:
        raise Obstacle(f"{step.path} was changed in this moment; try again")


def _replace(root: Path, step: FileStep) -> None:
    with folder_of(root, step.path) as (at, name):
        if step.after is not None:
            os.replace(beside(step.path).new, name, src_dir_fd=at, dst_dir_fd=at)
        else:
            os.unlink(name, dir_fd=at)


def _take_back(root: Path, done: Sequence[FileStep]) -> None:
    for step in reversed(done):
        with suppress(FileNotFoundError), folder_of(root, step.path) as (at, name):
            if step.before is not None:
                os.replace(beside(step.path).old, name, src_dir_fd=at, dst_dir_fd=at)
            elif read_file(root, step.path) == step.after:
                os.unlink(name, dir_fd=at)


def folders_above(path: str) -> list[str]:
    """The folders above a path, the topmost first."""
    parts = path.split("/")[:-1]
    return ["/".join(parts[:end]) for end in range(1, len(parts) + 1)]
