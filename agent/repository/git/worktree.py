"""One checkout of a snapshot in a folder of a run, in which commands can work, and git too.

It is a repository of its own and not made by `git worktree add`, for five reasons. A linked worktree is written into
the user's `.git/worktrees` and listed by `git worktree list`; commands inside see, and with rights on the folder
change, the user's configuration, hooks, branches and stash; addresses and credentials of remotes are visible to
generated code; checking out runs hooks and filters; and a killed process leaves an entry there for others to prune. A
plain checkout with a small `.git` has none of that. Its objects are the user's, by `objects/info/alternates`, so that
nothing is copied; HEAD is the commit that the user has checked out, detached, and the tags are there, so that `git
describe`, setuptools_scm and suites that call git work; the index is the snapshot, so that `git status` tells the
user's changes. There are no remotes, no branches, no hooks. Submodules are empty folders.

A command in a sandbox sees the user's objects only where the sandbox shows `Worktree.objects`, read-only.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from secrets import token_hex

from agent.repository.errors import RepositoryError
from agent.repository.git.blobs import Blobs, write_blobs
from agent.repository.git.copying import copy_files
from agent.repository.git.locks import held, only_writer
from agent.repository.git.opened import Repository
from agent.repository.git.private import isolated, make_private
from agent.repository.git.refs import Ref, change_refs, list_refs, ref_name
from agent.repository.git.snapshot import Snapshot
from agent.repository.git.untracked import LeftOut


@dataclass(frozen=True)
class Worktree:
    """A checkout of a snapshot."""

    folder: Path
    objects: Path
    """The user's object database, which git needs to work in the folder."""
    copied: tuple[str, ...]
    """Files that were copied from the user's tree: the ones that `.worktreeinclude` names, and those that the snapshot
    has in the form that git stores."""
    left_out: tuple[LeftOut, ...]
    """Files that were to be copied, and could not be."""


@contextmanager
def worktree(snapshot: Snapshot, folder: Path) -> Iterator[Worktree]:
    """A checkout of the snapshot in `folder`, which is made here and removed when the context is closed.

    A lock on the folder and `refs/cure-agent/<run>/worktree` tell later processes whether it is in use. Raises
    RepositoryError where the folder exists and is not empty, or cannot be written.
    """
    repository, run = snapshot.repository, snapshot.run
    remove_strays(repository)
    with ExitStack() as in_use:
        with only_writer(repository):
            claim = _claim(snapshot, folder.resolve())
            # The lock ends last.
            in_use.enter_context(held(claim.folder))
            in_use.callback(change_refs, repository.git, {ref_name(run, "worktree"): None})
            in_use.callback(_remove, claim)
        yield _made(snapshot, claim.folder)


def remove_strays(repository: Repository) -> list[Path]:
    """Remove the worktrees of processes that died; returns their folders. A folder without the mark that its listing
    asks for is nobody's worktree, and stays.
    """
    with only_writer(repository):
        listed = [ref for ref in list_refs(repository.git) if ref.name == "worktree"]
        return [
            claim.folder for ref in listed if (claim := _claimed(repository, ref)) and _removed(repository, ref, claim)
        ]


@dataclass(frozen=True)
class _Claim:
    """What a listing says of a worktree."""

    folder: Path
    text: bytes

    @property
    def mark(self) -> Path:
        """An empty folder inside the worktree's `.git`, by which it is known as the one that was listed."""
        return self.folder / ".git" / f"cure-agent-{sha256(self.text).hexdigest()[:32]}"


def _claim(snapshot: Snapshot, folder: Path) -> _Claim:
    """List the folder and mark it, in an order that leaves no folder unlisted; the caller holds the tree's lock."""
    repository, run = snapshot.repository, snapshot.run
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise RepositoryError(f"{folder} exists and is not empty; a worktree needs a folder of its own")
    told = {"version": 1, "folder": str(folder), "repository": str(repository.common_dir), "token": token_hex(16)}
    claim = _Claim(folder, json.dumps(told).encode())
    change_refs(repository.git, {ref_name(run, "worktree"): write_blobs(repository.objects, [claim.text])[0]})
    try:
        claim.mark.mkdir(parents=True)
    except OSError as error:
        change_refs(repository.git, {ref_name(run, "worktree"): None})
        raise RepositoryError(f"the worktree {folder} cannot be made: {error}") from error
    return claim


def _claimed(repository: Repository, ref: Ref) -> _Claim | None:
    """What a listing says; None where it cannot be read."""
    reader = Blobs(repository.objects)
    try:
        text = reader.read(ref.target)
        return _Claim(Path(json.loads(text)["folder"]), text)
    except (RepositoryError, ValueError, KeyError, TypeError):
        return None
    finally:
        reader.close()


def _removed(repository: Repository, ref: Ref, claim: _Claim) -> bool:
    """Whether the worktree was there and in nobody's use, and has been removed."""
    is_marked = claim.mark.is_dir()
    if is_marked:
        with held(claim.folder) as is_held:
            if not is_held:
                return False
            _remove(claim)
    else:
        _remove_unmarked(claim.folder)
    change_refs(repository.git, {ref_name(ref.run, "worktree"): None})
    return is_marked


def _remove_unmarked(folder: Path) -> None:
    """Remove what a process leaves that dies before it has marked its folder: empty folders, and nothing else."""
    with suppress(OSError):
        (folder / ".git").rmdir()
        folder.rmdir()


def _remove(claim: _Claim) -> None:
    """Remove a worktree; its mark goes last, so that a process that dies meanwhile leaves no unknown folder."""
    for inner in (claim.folder, claim.folder / ".git"):
        for place in inner.iterdir():
            if place not in (claim.folder / ".git", claim.mark):
                _remove_place(place)
    for place in (claim.mark, claim.folder / ".git", claim.folder):
        place.rmdir()


def _remove_place(place: Path) -> None:
    """Remove a file, or a folder with everything in it, also where folders inside are read-only."""
    if place.is_symlink() or not place.is_dir():
        place.unlink()
        return
    try:
        shutil.rmtree(place)
    except PermissionError:
        for inner, _, _ in os.walk(place):
            Path(inner).chmod(0o700)
        shutil.rmtree(place)


def _made(snapshot: Snapshot, folder: Path) -> Worktree:
    repository = snapshot.repository
    try:
        git_dir = make_private(folder / ".git", repository.store, snapshot.head or "ref: refs/heads/main")
        (git_dir / "objects/info/alternates").write_bytes(os.fsencode(repository.store.folder) + b"\n")
        (git_dir / "packed-refs").write_bytes(_tags(repository))
        for name in ("shallow", "info/exclude"):
            if (repository.common_dir / name).is_file():
                shutil.copyfile(repository.common_dir / name, git_dir / name)
        git = repository.objects.within(
            folder,
            **isolated(git_dir, repository.store.folder),
            GIT_WORK_TREE=folder,
            GIT_INDEX_FILE=git_dir / "index",
        )
        git.run("read-tree", snapshot.tree)
        git.run("checkout-index", "--all", "--index", "--quiet")
        stored = [each.path for each in snapshot.left_out if each.is_stored]
        copied, left_out = copy_files(repository.root, folder, [*snapshot.included, *stored])
        # The copies are not changes that git should tell.
        unchanged = b"".join(os.fsencode(path) + b"\0" for path in stored if path in copied)
        git.run("update-index", "--assume-unchanged", "-z", "--stdin", stdin=unchanged)
    except OSError as error:
        raise RepositoryError(f"the worktree {folder} cannot be written: {error}") from error
    return Worktree(folder, repository.store.folder, copied, left_out)


def _tags(repository: Repository) -> bytes:
    """The tags of the repository as a file of packed refs."""
    form = "--format=%(objectname) %(refname)%00%(*objectname)"
    lines = [b"# pack-refs with: peeled fully-peeled sorted \n"]
    for line in repository.git.run("for-each-ref", form, "refs/tags").splitlines():
        tag, _, peeled = line.partition(b"\0")
        lines.append(tag + b"\n" + (b"^" + peeled + b"\n" if peeled else b""))
    return b"".join(lines)
