"""What a change of files means for files that may have been edited since: three-way merges without conflict markers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from agent.repository.errors import RepositoryError
from agent.repository.git.disk import Contents, Obstacle, read_file
from agent.repository.git.line_ends import adapted
from agent.repository.git.opened import Repository
from agent.repository.git.paths import shown
from agent.repository.git.replacing import FileStep
from agent.repository.git.running import Git


@dataclass(frozen=True)
class FileChange:
    """A change of one file as it was recorded; None where the file is not there."""

    path: str
    old: Contents | None
    new: Contents | None


@dataclass(frozen=True)
class Plan:
    """What would be written."""

    steps: tuple[FileStep, ...]
    """The files that would change, in the order of the changes."""
    merged: tuple[str, ...]
    """Paths whose contents join the change with edits of the user."""


class EditConflict(RepositoryError):
    """Files cannot be changed without losing edits, or something is in their place; nothing was changed."""

    def __init__(self, reasons: dict[str, str]) -> None:
        self.reasons = reasons
        """Why, by path."""
        lines = "".join(f"\n  {shown(path)}: {reason}" for path, reason in sorted(reasons.items()))
        super().__init__(f"nothing was changed, since these files are in the way:{lines}")


def plan(repository: Repository, changes: Sequence[FileChange]) -> Plan:
    """What the changes mean for the files as they are on disk now.

    Raises EditConflict where a file was edited in the same place, was removed or made meanwhile, or is no file.
    """
    steps: list[FileStep] = []
    merged: list[str] = []
    reasons: dict[str, str] = {}
    for change in changes:
        try:
            found = read_file(repository.root, change.path)
            now = found if repository.trusts_executable else _as_recorded(found, change.old)
            then = changed(repository.objects, change, now)
        except Obstacle as obstacle:
            reasons[change.path] = str(obstacle)
            continue
        if now != then:
            steps.append(FileStep(change.path, found, then if now is found else _as_recorded(then, found)))
            if then is not None and now is not None and then != change.new:
                merged.append(change.path)
    if reasons:
        raise EditConflict(reasons)
    return Plan(tuple(steps), tuple(merged))


def _as_recorded(contents: Contents | None, other: Contents | None) -> Contents | None:
    """The contents with the executable bit of `other`: where the bits on disk mean nothing, those in git count, and
    those on disk stay.
    """
    if contents is None or other is None:
        return contents
    return replace(contents, executable=other.executable, permissions=other.permissions)


def changed(git: Git, change: FileChange, now: Contents | None) -> Contents | None:
    """A file after the change, starting from `now`; edits of `now` elsewhere in the file are kept.

    Raises Obstacle where the change and the edits cannot both be kept.
    """
    if now == change.new:
        return now
    if now == change.old:
        return _placed(change, now)
    if change.old is None:
        raise Obstacle("it exists already, with other contents")
    if now is None:
        raise Obstacle("it does not exist any more")
    if change.new is None:
        raise Obstacle("it has been edited since and would be deleted")
    old, new = adapted(change.old.data, change.new.data, now.data)
    data = new if now.data == old else now.data if now.data == new else merge_texts(git, now.data, old, new)
    if data is None:
        raise Obstacle("it has been edited since in the same place")
    is_flipped = change.old.executable != change.new.executable
    executable = change.new.executable if is_flipped else now.executable
    return Contents(data, executable, _permissions(now.permissions, executable))


def _placed(change: FileChange, now: Contents | None) -> Contents | None:
    """The new contents in the place of the unedited old ones."""
    if change.new is None or now is None or change.new.permissions is not None:
        return change.new
    return replace(change.new, permissions=_permissions(now.permissions, change.new.executable))


def _permissions(permissions: int | None, executable: bool) -> int | None:
    """Permissions of a file with the executable bit as wanted: those who may read may execute, or nobody may."""
    if permissions is None or bool(permissions & 0o100) == executable:
        return permissions
    return permissions | (permissions & 0o444) >> 2 if executable else permissions & ~0o111


def merge_texts(git: Git, ours: bytes, base: bytes, theirs: bytes) -> bytes | None:
    """`ours` with the change from `base` to `theirs`; None where both changed the same place, or a side is binary."""
    if any(b"\0" in side for side in (ours, base, theirs)):
        return None
    with TemporaryDirectory(prefix="cure-agent-merge-") as folder:
        places = [Path(folder) / name for name in ("ours", "base", "theirs")]
        for place, side in zip(places, (ours, base, theirs), strict=True):
            place.write_bytes(side)
        merged = git.attempt("merge-file", "-p", "-q", *map(str, places))
    return merged.stdout if merged.status == 0 else None
