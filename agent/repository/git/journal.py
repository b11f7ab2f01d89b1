"""What was written to the user's files, as a commit: the old and the new contents of each file.

Before the first file is touched, `refs/cure-agent/<run>/writing` names such a commit; after the last one, the ref goes,
in one transaction with the one that says what has been done. A process that dies in between leaves `writing`, from
which the next one brings the old files back, or finishes where nothing but the transaction was missing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from agent.repository.errors import RepositoryError
from agent.repository.git.blobs import SYNCED, Blobs, write_blobs
from agent.repository.git.disk import Contents, Obstacle, read_file, remove_empty
from agent.repository.git.locks import named, only_writer
from agent.repository.git.opened import Repository
from agent.repository.git.refs import NOBODY, Ref, change_refs, list_refs, ref_name
from agent.repository.git.replacing import FileStep, clean, folders_above, remove_emptied, replace_files

SELF = "self"
"""The commit of the journal itself, as the target of a ref."""


@dataclass(frozen=True, kw_only=True)
class Journal:
    """Files that were written together, or are about to be."""

    run: str
    tree: str
    """The name of the working tree in its repository."""
    steps: tuple[FileStep, ...]
    folders: Mapping[str, int]
    """The folders above the files that were there before, with their permissions."""
    permissions: Mapping[str, int]
    """Folders that are to be there afterwards, with their permissions: those that are missing are made, and none of
    them is removed when it becomes empty."""
    finish: Mapping[str, str | None]
    """The refs of the run once the files are written, by their short names: an object, SELF, or None for no ref."""


@dataclass(frozen=True)
class Recovered:
    """What was done about a process that died while it wrote files."""

    run: str
    is_finished: bool
    """Whether the files had all been written, and stay; else the old ones are back."""
    paths: tuple[str, ...]
    edited: tuple[str, ...]
    """Files that somebody has edited since; they were left as they are."""

    def __str__(self) -> str:
        what = (
            "was interrupted after its last file, and stands" if self.is_finished else "was interrupted and taken back"
        )
        but = f", except for files edited since: {named(self.edited)}" if self.edited else ""
        return f"writing the files of run {self.run} {what}{but}"


def write_files(repository: Repository, journal: Journal) -> str:
    """Write the files of a journal; the name of its commit. The caller holds the lock of the tree.

    Raises RepositoryError, with everything as it was, where that fails.
    """
    commit = store(repository, journal)
    writing = ref_name(journal.run, "writing")
    change_refs(repository.git, {writing: commit})
    try:
        replace_files(repository.root, journal.steps, journal.permissions)
    except BaseException:
        change_refs(repository.git, {writing: None})
        raise
    try:
        _finish(repository, journal, commit)
    except RepositoryError:
        back = [FileStep(step.path, step.after, step.before) for step in journal.steps]
        replace_files(repository.root, back, journal.folders)
        raise
    return commit


def recover(repository: Repository) -> list[Recovered]:
    """Bring to an end what processes that died while they wrote files of this working tree had begun.

    The old files come back, unless all new ones are there already. Files edited since are left as they are and named.
    Raises RepositoryError where another process is writing now, or a file cannot be written.
    """
    writing = [ref for ref in list_refs(repository.git) if ref.name == "writing"]
    if not writing:
        return []
    with only_writer(repository):
        return recover_locked(repository, list_refs(repository.git))


def recover_locked(repository: Repository, refs: Sequence[Ref]) -> list[Recovered]:
    """Do the work of `recover`, given all private refs; the caller holds the lock of the tree."""
    writing = [ref for ref in refs if ref.name == "writing"]
    try:
        journals = [(ref, load(repository, ref)) for ref in writing]
        return [_recover(repository, *each) for each in journals if each[1].tree == repository.name]
    except RepositoryError as error:
        names = " ".join(ref_name(ref.run, ref.name) for ref in writing)
        raise RepositoryError(
            f"files were being written when a process died, and cannot be brought back: {error}\n"
            f"the record is {names}; when the files are as you want them, drop it with `git update-ref -d REF`"
        ) from error


def _recover(repository: Repository, ref: Ref, journal: Journal) -> Recovered:
    paths = tuple(step.path for step in journal.steps)
    clean(repository.root, paths)
    states = {step: _state(repository, step) for step in journal.steps}
    edited = tuple(step.path for step, state in states.items() if state == "edited")
    if all(state == "after" for state in states.values()):
        remove_emptied(repository.root, journal.steps, journal.permissions)
        _finish(repository, journal, ref.target)
        return Recovered(ref.run, True, paths, edited)
    back = [FileStep(step.path, step.after, step.before) for step, state in states.items() if state == "after"]
    if back:
        replace_files(repository.root, back, journal.folders)
    made = {folder for path in paths for folder in folders_above(path)} - journal.folders.keys()
    remove_empty(repository.root, sorted(made))
    change_refs(repository.git, {ref_name(ref.run, "writing"): None})
    return Recovered(ref.run, False, paths, edited)


def _state(repository: Repository, step: FileStep) -> str:
    try:
        now = read_file(repository.root, step.path)
    except Obstacle:
        return "edited"
    return "before" if now == step.before else "after" if now == step.after else "edited"


def _finish(repository: Repository, journal: Journal, commit: str) -> None:
    known = {ref.name for ref in list_refs(repository.git, journal.run)}
    # The transaction may not delete what is not there.
    targets = {name: to for name, to in {**journal.finish, "writing": None}.items() if to or name in known}
    names = {ref_name(journal.run, name): commit if to == SELF else to for name, to in targets.items()}
    change_refs(repository.git, names)


def store(repository: Repository, journal: Journal) -> str:
    """The name of a commit that holds the journal, flushed to disk."""
    sides = [side for step in journal.steps for side in (step.before, step.after)]
    blobs = iter(write_blobs(repository.objects, [side.data for side in sides if side], *SYNCED))
    files = [
        {"path": step.path, "before": _told(step.before, blobs), "after": _told(step.after, blobs)}
        for step in journal.steps
    ]
    told = {
        "version": 1,
        "tree": journal.tree,
        "files": files,
        "folders": dict(journal.folders),
        "permissions": dict(journal.permissions),
        "finish": dict(journal.finish),
    }
    tree = _tree(repository, files)
    message = f"cure-agent: files that were written\n\n{json.dumps(told)}\n"
    git = repository.objects.within(**NOBODY)
    return git.line(*SYNCED, "commit-tree", tree, stdin=message.encode())


def _told(side: Contents | None, blobs: Any) -> list[Any] | None:
    return None if side is None else [next(blobs), side.executable, side.permissions]


def _tree(repository: Repository, files: list[dict[str, Any]]) -> str:
    """A tree that keeps the blobs of a journal alive; their names in it say nothing."""
    sides = [(number, side, file[side]) for number, file in enumerate(files) for side in ("before", "after")]
    lines = [f"100644 blob {told[0]}\t{number:06}.{side}\0" for number, side, told in sides if told]
    return repository.objects.line(*SYNCED, "mktree", "-z", stdin="".join(lines).encode())


def load(repository: Repository, ref: Ref) -> Journal:
    """The journal that a ref names. Raises RepositoryError where it cannot be read."""
    message = repository.objects.run("cat-file", "commit", ref.target).decode().partition("\n\n")[2]
    try:
        told = json.loads(message.partition("\n\n")[2])
        with closing(Blobs(repository.objects)) as blobs:
            steps = tuple(
                FileStep(file["path"], _contents(file["before"], blobs), _contents(file["after"], blobs))
                for file in told["files"]
            )
        if unknown := told["finish"].keys() - {"applied", "undone"}:
            raise ValueError(f"unknown refs {sorted(unknown)}")
        return Journal(
            run=ref.run,
            tree=told["tree"],
            steps=steps,
            folders=told["folders"],
            permissions=told["permissions"],
            finish=told["finish"],
        )
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        raise RepositoryError(
            f"refs/cure-agent/{ref.run}/{ref.name} holds no journal of cure-agent: {error}"
        ) from error


def _contents(told: list[Any] | None, blobs: Blobs) -> Contents | None:
    return None if told is None else Contents(blobs.read(told[0]), told[1], told[2])
