"""Applies an accepted patch to the user's files, and takes it back or puts it there again, also in a later process.

Only files are written: index, HEAD and branches stay. Whatever the user edited meanwhile is kept by three-way merges,
and where that is impossible, nothing is written at all.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile

from agent.repository.errors import RepositoryError
from agent.repository.git.disk import Contents, folder_permissions
from agent.repository.git.journal import SELF, Journal, load, recover_locked, write_files
from agent.repository.git.locks import only_writer, refuse_locked
from agent.repository.git.merging import FileChange, Plan, plan
from agent.repository.git.opened import Repository
from agent.repository.git.patch import encoded, refuse_special
from agent.repository.git.refs import Ref, change_refs, list_refs, ref_name
from agent.repository.git.replacing import FileStep
from agent.repository.git.snapshot import Snapshot
from agent.repository.git.staging import Stored, staging
from agent.repository.git.tracked import EXECUTABLE

STATE_FILE = "applied.json"
"""The file in a run's folder that says what was applied, for other programs; the truth is in the refs."""


@dataclass(frozen=True)
class Written:
    """What was done to the user's files."""

    paths: tuple[str, ...]
    """Files that were changed, made or removed, sorted."""
    merged: tuple[str, ...]
    """Those of them that keep edits which the user made meanwhile."""
    message: str
    """What happened, for the user."""


def file_changes(snapshot: Snapshot, patch: str) -> list[FileChange]:
    """The changes of a patch with their contents. Raises RepositoryError where it does not fit the snapshot, or is
    about links, submodules or files outside the tree.
    """
    with staging(snapshot.repository, snapshot.tree) as stage:
        stage.apply(encoded(patch))
        changes = stage.changes()
        refuse_special(changes)
        sides = [side for change in changes for side in (change.before, change.after) if side]
        data = stage.contents([side.blob for side in sides])
    return [FileChange(each.path, _contents(each.before, data), _contents(each.after, data)) for each in changes]


def _contents(stored: Stored | None, data: dict[str, bytes]) -> Contents | None:
    return None if stored is None else Contents(data[stored.blob], stored.mode == EXECUTABLE)


def check_patch(snapshot: Snapshot, patch: str) -> Written:
    """What `apply_patch` would do to the files as they are now. Raises RepositoryError like it."""
    planned = plan(snapshot.repository, file_changes(snapshot, patch))
    return _written(planned, "can be applied")


def apply_patch(snapshot: Snapshot, patch: str, folder: Path | None = None) -> Written:
    """Apply a patch against the snapshot to the user's files, and record it for `undo`.

    `folder` is the run's folder, which gets a small file that says what was applied. Raises RepositoryError, with
    nothing changed, where the patch does not fit, the run's patch is applied already, or another git command is at
    work; EditConflict where edits of the user are in the way.
    """
    repository, run = snapshot.repository, snapshot.run
    changes = file_changes(snapshot, patch)
    with _writing(repository, run) as (refs, notes):
        planned = plan(repository, changes)
        if not planned.steps:
            return _written(planned, "nothing to do: the files are as the patch wants them", notes)
        if "applied" in refs:
            raise RepositoryError(f"a patch of run {run} is applied already; take it back first (undo)")
        commit = _write(repository, run, planned, {"applied": SELF, "undone": None})
        notes += _tell(folder, run, "applied", planned, commit)
    return _written(planned, _WORDS["applied"], notes)


def undo(repository: Repository, run: str, folder: Path | None = None) -> Written:
    """Take the applied patch of a run back; edits made since elsewhere in its files are kept.

    A patch that is taken back already stays so, and the message says it. Raises EditConflict, with nothing changed,
    where edits would be lost, RepositoryError where nothing was applied or the record has expired.
    """
    return _turn(repository, run, folder, "applied", "undone")


def redo(repository: Repository, run: str, folder: Path | None = None) -> Written:
    """Apply the patch of a run again that was taken back. Raises RepositoryError and EditConflict like `undo`."""
    return _turn(repository, run, folder, "undone", "applied")


def _turn(repository: Repository, run: str, folder: Path | None, now: str, then: str) -> Written:
    """Go from the state `now` of an applied patch to `then`; one of them is `applied`, the other `undone`."""
    with _writing(repository, run) as (refs, notes):
        if then in refs:
            return Written((), (), f"the patch of run {run} is {_WORDS[then]} already; nothing was changed")
        if now not in refs:
            raise RepositoryError(_nothing(repository, run, folder, now))
        record = load(repository, refs[now])
        if record.tree != repository.name:
            raise RepositoryError(f"the patch of run {run} was applied in another working tree, {record.tree}")
        planned = plan(repository, [_change(step, then) for step in record.steps])
        finish = {then: refs[now].target, now: None}
        if planned.steps:
            # What was there before comes back, and stays.
            _write(repository, run, planned, finish, record.folders if then == "undone" else {})
        else:
            change_refs(repository.git, {ref_name(run, name): target for name, target in finish.items()})
        notes += _tell(folder, run, then, planned, refs[now].target)
    return _written(planned, _WORDS[then], notes)


_WORDS = {"applied": "applied", "undone": "taken back"}


def _change(step: FileStep, then: str) -> FileChange:
    old, new = (step.before, step.after) if then == "applied" else (step.after, step.before)
    return FileChange(step.path, old, new)


@contextmanager
def _writing(repository: Repository, run: str) -> Iterator[tuple[dict[str, Ref], list[str]]]:
    """The right to write files, with the refs of the run by name, and what a process that died had left to be brought
    to an end, in words.
    """
    ref_name(run, "base")
    with only_writer(repository):
        refuse_locked(repository)
        refs = list_refs(repository.git)
        notes = [str(each) for each in recover_locked(repository, refs)]
        refs = list_refs(repository.git) if notes else refs
        yield {ref.name: ref for ref in refs if ref.run == run}, notes


def _write(
    repository: Repository,
    run: str,
    planned: Plan,
    finish: Mapping[str, str | None],
    permissions: Mapping[str, int] | None = None,
) -> str:
    folders: dict[str, int] = {}
    for step in planned.steps:
        folders |= folder_permissions(repository.root, step.path)
    journal = Journal(
        run=run,
        tree=repository.name,
        steps=planned.steps,
        folders=folders,
        permissions=permissions or {},
        finish=finish,
    )
    return write_files(repository, journal)


def _nothing(repository: Repository, run: str, folder: Path | None, state: str) -> str:
    told = read_state(folder) if folder is not None else None
    if told is not None and told.get("state") == state:
        return f"what was {_WORDS[state]} in run {run} is not recorded in {repository.root} any more: it has expired"
    return f"no patch of run {run} is {_WORDS[state]} in {repository.root}"


def read_state(folder: Path) -> dict[str, object] | None:
    """What the file in a run's folder says was applied: `state` is `applied` or `undone`; None where there is none."""
    try:
        told: dict[str, object] = json.loads((folder / STATE_FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return told


def _tell(folder: Path | None, run: str, state: str, planned: Plan, commit: str) -> list[str]:
    """Write the file in the run's folder, in one step; what kept it from being written, in words.

    The user's files are written at this point, so that a failure here is no failure of the whole.
    """
    if folder is None:
        return []
    paths = [step.path for step in planned.steps]
    told = {"version": 1, "run": run, "state": state, "commit": commit, "paths": paths, "merged": list(planned.merged)}
    try:
        with NamedTemporaryFile("w", dir=folder, prefix=".applied-", encoding="utf-8", delete=False) as file:
            json.dump(told, file)
            file.flush()
            os.fsync(file.fileno())
        Path(file.name).replace(folder / STATE_FILE)
    except OSError as error:
        return [f"{folder / STATE_FILE} cannot be written: {error}"]
    return []


def _written(planned: Plan, message: str, notes: Sequence[str] = ()) -> Written:
    paths = tuple(step.path for step in planned.steps)
    return Written(paths, planned.merged, "; ".join([*notes, message]))
