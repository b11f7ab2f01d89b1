"""Patches against a snapshot: their canonical text, and the changed files that a text stands for."""

from __future__ import annotations

import re
from collections.abc import Collection

from agent.repository.errors import RepositoryError
from agent.repository.files import Changed
from agent.repository.git.files import SnapshotFiles
from agent.repository.git.hunks import file_patches
from agent.repository.git.locks import named
from agent.repository.git.opened import Repository
from agent.repository.git.paths import checked_path
from agent.repository.git.staging import TreeChange, staging
from agent.repository.git.tracked import EXECUTABLE, PLAIN

_REGULAR = (PLAIN, EXECUTABLE)


def make_patch(repository: Repository, files: SnapshotFiles, changed: Changed, private: Collection[str] = ()) -> str:
    """The patch from `files` to `files` with some changed, in a form that depends on the contents alone; empty where
    nothing changes.

    A changed file keeps its mode, a new one is not executable. Contents that are not UTF-8 are written as git writes
    binary files, so that the text is valid UTF-8. Raises RepositoryError for a path outside the tree, a link, a
    submodule, a path below or above another file, and a path in `private`.
    """
    wanted = {path: data for path, data in changed.items() if data is not None or path in files.modes}
    _refuse(files, wanted, private)
    if not wanted:
        return ""
    old = {path: files.read(path) for path in wanted if path in files.modes}
    binary = [path for path, data in wanted.items() if not (_is_text(old.get(path)) and _is_text(data))]
    modes = {path: files.modes[path][0] if path in files.modes else PLAIN for path in wanted}
    with staging(repository, files.tree) as stage:
        stage.put({path: None if data is None else (modes[path], data) for path, data in wanted.items()})
        return stage.diff(binary)


def changed_by(repository: Repository, files: SnapshotFiles, patch: str) -> Changed:
    """The files that a patch against `files` changes. Modes are not told: `Changed` has contents only.

    Raises RepositoryError where the text is no patch, does not fit `files`, or is about links or submodules.
    """
    with staging(repository, files.tree) as stage:
        stage.apply(encoded(patch))
        changes = stage.changes()
        refuse_special(changes)
        after = {change.path: change.after for change in changes}
        contents = stage.contents([stored.blob for stored in after.values() if stored])
    return {path: contents[stored.blob] if stored else None for path, stored in after.items()}


def refuse_special(changes: Collection[TreeChange]) -> None:
    """Raise RepositoryError where a change is about anything but a regular file inside the tree."""
    sides = [(change.path, side) for change in changes for side in (change.before, change.after) if side]
    special = sorted({checked_path(path) for path, side in sides if side.mode not in _REGULAR})
    if special:
        raise RepositoryError(f"the patch is about links or submodules, which it may not change: {named(special)}")


def encoded(patch: str) -> bytes:
    """The bytes of a patch's text."""
    return patch.encode("utf-8", "surrogateescape")


def normal_form(patch: str) -> str:
    """A text that is equal for patches that make the same changes at other places: files sorted by name, without names
    of objects, line numbers and the names of functions after them.
    """
    parts = sorted(file_patches(patch), key=lambda part: part.path)
    kept = (line for part in parts for line in part.text.split("\n") if not line.startswith("index "))
    return "\n".join(re.sub(r"^@@ .*", "@@", line) for line in kept)


def _refuse(files: SnapshotFiles, changed: Changed, private: Collection[str]) -> None:
    special = [path for path in changed if path in files.modes and files.modes[path][0] not in _REGULAR]
    if special:
        raise RepositoryError(f"links and submodules cannot be changed: {named(special)}")
    if hidden := [path for path in changed if path in private]:
        raise RepositoryError(f"ignored files that `.worktreeinclude` names cannot be changed: {named(hidden)}")
    new = {checked_path(path) for path, data in changed.items() if data is not None} - files.modes.keys()
    present = (files.modes.keys() | new) - {path for path, data in changed.items() if data is None}
    if not new:
        return
    folders = {folder for path in present for folder in _above(path)}
    if clashes := sorted(path for path in new if path in folders or any(above in present for above in _above(path))):
        raise RepositoryError(f"a file cannot lie where a folder is, nor below another file: {named(clashes)}")


def _above(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:end]) for end in range(1, len(parts))]


def _is_text(data: bytes | None) -> bool:
    if data is None:
        return True
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
