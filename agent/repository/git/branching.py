"""Commits an accepted patch to a new branch, without touching files, index or HEAD."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory

from agent.repository.errors import RepositoryError
from agent.repository.git.applying import file_changes
from agent.repository.git.blobs import write_blobs
from agent.repository.git.disk import Contents, Obstacle
from agent.repository.git.files import SnapshotFiles
from agent.repository.git.merging import EditConflict, FileChange, changed
from agent.repository.git.opened import Repository
from agent.repository.git.paths import shown
from agent.repository.git.refs import NOBODY
from agent.repository.git.snapshot import Snapshot
from agent.repository.git.stored import filters_of
from agent.repository.git.tracked import EXECUTABLE, PLAIN


def commit_patch(snapshot: Snapshot, patch: str, branch: str, message: str) -> str:
    """The name of a commit with the patch and nothing else, on a new branch at the commit that was checked out.

    The author is the user, or cure-agent where git knows no name of the user. Raises RepositoryError where there is no
    commit yet, the branch exists or cannot be named so, or the patch is about files behind a filter; EditConflict where
    it needs changes that are not committed.
    """
    repository = snapshot.repository
    if snapshot.head is None:
        raise RepositoryError(
            "there is no commit yet that a branch could start from; commit first, or apply to the files"
        )
    name = _branch_name(repository, branch)
    changes = file_changes(snapshot, patch)
    if filtered := filters_of(repository, [change.path for change in changes]):
        listed = ", ".join(f"{shown(path)} ({by})" for path, by in sorted(filtered.items()))
        raise RepositoryError(f"only git's filters can store these files, and filters do not run here: {listed}")
    files = _merged(repository, snapshot.head, changes)
    tree = _tree(repository, snapshot.head, files)
    commit = _commit(repository, tree, snapshot.head, message)
    repository.git.run("update-ref", "--no-deref", name, commit, "0" * len(commit))
    return commit


def _branch_name(repository: Repository, branch: str) -> str:
    name = f"refs/heads/{branch}"
    if branch.startswith("-") or repository.git.attempt("check-ref-format", name).status != 0:
        raise RepositoryError(f"{branch!r} cannot be the name of a branch")
    if repository.git.attempt("rev-parse", "--verify", "--quiet", name).status == 0:
        raise RepositoryError(f"the branch {branch} exists already; choose another name")
    return name


def _merged(repository: Repository, head: str, changes: list[FileChange]) -> dict[str, Contents | None]:
    """The files of the patch as they are to be committed: the commit's files, changed, without edits of the user."""
    committed = SnapshotFiles(repository.objects, head)
    reasons: dict[str, str] = {}
    files: dict[str, Contents | None] = {}
    try:
        for change in changes:
            mode, _ = committed.modes.get(change.path, (0, ""))
            try:
                now = Contents(committed.read(change.path), mode == EXECUTABLE) if mode else None
                files[change.path] = changed(repository.objects, change, now)
            except (Obstacle, KeyError) as problem:
                told = str(problem) if isinstance(problem, Obstacle) else "a link or submodule is there"
                reasons[change.path] = f"it has changes that are not committed ({told})"
    finally:
        committed.close()
    if reasons:
        raise EditConflict(reasons)
    return files


def _tree(repository: Repository, head: str, files: dict[str, Contents | None]) -> str:
    kept = {path: contents for path, contents in files.items() if contents is not None}
    blobs = dict(zip(kept, write_blobs(repository.objects, [each.data for each in kept.values()]), strict=True))
    none = "0" * len(head)
    lines = [f"0 {none}\t{path}\0" for path, contents in files.items() if contents is None]
    lines += [f"{EXECUTABLE if each.executable else PLAIN:o} {blobs[path]}\t{path}\0" for path, each in kept.items()]
    with TemporaryDirectory(dir=repository.scratch) as folder:
        git = repository.objects.within(GIT_INDEX_FILE=Path(folder) / "index")
        git.run("read-tree", head)
        git.run("update-index", "-z", "--index-info", stdin=os.fsencode("".join(lines)))
        return git.line("write-tree", "--missing-ok")


def _commit(repository: Repository, tree: str, parent: str, message: str) -> str:
    is_known = all(
        repository.git.attempt("-c", "user.useConfigOnly=true", "var", f"GIT_{who}_IDENT").status == 0
        for who in ("AUTHOR", "COMMITTER")
    )
    git = repository.git if is_known else repository.git.within(**NOBODY)
    text = message.encode("utf-8", "surrogateescape")
    return git.line("-c", "i18n.commitEncoding=UTF-8", "commit-tree", tree, "-p", parent, stdin=text)
