"""The tree as it is on disk, as a commit under a private ref.

Nothing of the user's is touched: neither files nor index, neither HEAD nor stash nor reflog.

The commit's tree holds every tracked file as it is on disk and every file that is neither tracked nor ignored, except
for what `left_out` names. Submodules are recorded at the commit that the index has, and not entered. What a sparse
checkout leaves out is not in the tree.
"""

from __future__ import annotations

import json
import os
import shutil
import stat
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from tempfile import mkdtemp

from agent.repository.errors import RepositoryError
from agent.repository.files import Changed
from agent.repository.git.blobs import sizes, write_blobs
from agent.repository.git.files import SnapshotFiles
from agent.repository.git.included import list_included
from agent.repository.git.locks import named, refuse_locked
from agent.repository.git.opened import Repository
from agent.repository.git.patch import changed_by, make_patch
from agent.repository.git.refs import NOBODY, change_refs, list_refs, ref_name
from agent.repository.git.running import Git
from agent.repository.git.stored import converted, kept_as_stored
from agent.repository.git.tracked import EXECUTABLE, LINK, PLAIN, Kind, Tracked, compare, read_index
from agent.repository.git.untracked import LeftOut, list_untracked, within_limits


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """A recorded state of the working tree. Usable as long as the repository is open."""

    repository: Repository
    run: str
    commit: str
    tree: str
    head: str | None
    """The commit that was checked out; None before the first commit."""
    left_out: tuple[LeftOut, ...] = ()
    included: tuple[str, ...] = ()
    """Ignored files that `.worktreeinclude` names: a worktree gets copies, a patch never has them."""

    @cached_property
    def files(self) -> SnapshotFiles:
        """The regular files of the snapshot."""
        return SnapshotFiles(self.repository.objects, self.tree)

    def patch(self, changed: Changed) -> str:
        """The canonical patch of changed files, as `make_patch` says. Raises RepositoryError for what it may not
        change: links, submodules, files outside the tree or in a `.git` folder, and `included` files.
        """
        return make_patch(self.repository, self.files, changed, self.included)

    def changed_by(self, patch: str) -> Changed:
        """The files that a patch against this snapshot changes. Raises RepositoryError where it does not fit."""
        return changed_by(self.repository, self.files, patch)


def take_snapshot(repository: Repository, run: str) -> Snapshot:
    """The tree as it is now, recorded under `refs/cure-agent/<run>/base`.

    Raises RepositoryError where another git command holds the index, files are in conflict, or a file cannot be read.
    Raises ValueError where `run` cannot be a part of a ref's name.
    """
    base = ref_name(run, "base")
    refuse_locked(repository)
    try:
        snapshot = _taken(repository, run)
    except OSError as error:
        raise RepositoryError(f"{repository.root} cannot be read, or changes meanwhile: {error}; try again") from error
    change_refs(repository.git, {base: snapshot.commit})
    return snapshot


def _taken(repository: Repository, run: str) -> Snapshot:
    """A snapshot that no ref names yet."""
    index = Path(mkdtemp(dir=repository.scratch)) / "index"
    git = repository.git.within(GIT_INDEX_FILE=index)
    # An index that is written looks into files that are as old as the index, by way of their filters: here it finds
    # none.
    nowhere = Path(mkdtemp(dir=repository.scratch))
    writing = git.within(nowhere, GIT_WORK_TREE=nowhere)
    with ThreadPoolExecutor(4) as threads:
        # Commands that do not depend on each other run while the index is read.
        untracked = threads.submit(list_untracked, repository.git)
        head = threads.submit(head_commit, repository.git)
        included = threads.submit(list_included, repository)
        written_ns = _copy(repository.index, index)
        entries = read_index(git)
        stored_sizes = threads.submit(sizes, repository.objects, [entry.blob for entry in entries])
        tracked = compare(repository, entries, written_ns)
        _refuse_unmerged(tracked)
        lines, stored = _changed(repository, tracked, stored_sizes.result())
        paths = [each.entry.path for each in tracked]
        kept, left_out = within_limits(repository.root, untracked.result(), paths)
    lines += _recorded(repository, dict.fromkeys(kept, 0))
    if lines:
        writing.run("update-index", "-z", "--index-info", stdin=b"".join(lines))
    tree = writing.line("write-tree", "--missing-ok")
    told = (tuple(sorted([*stored, *left_out])), tuple(included.result()))
    commit = _commit(repository.objects, tree, head.result(), *told)
    return Snapshot(
        repository=repository, run=run, commit=commit, tree=tree, head=head.result(), left_out=told[0], included=told[1]
    )


def open_snapshot(repository: Repository, run: str) -> Snapshot:
    """The snapshot that an earlier process recorded for `run`. Raises RepositoryError where there is none any more."""
    found = [ref for ref in list_refs(repository.git, run) if ref.name == "base"]
    if not found:
        raise RepositoryError(f"run {run} has no snapshot in {repository.root}: none was taken, or it has expired")
    header, _, message = repository.objects.line("cat-file", "commit", found[0].target).partition("\n\n")
    fields = [line.partition(" ") for line in header.split("\n")]
    told = json.loads(message.partition("\n\n")[2])
    return Snapshot(
        repository=repository,
        run=run,
        commit=found[0].target,
        tree=next(value for name, _, value in fields if name == "tree"),
        head=next((value for name, _, value in fields if name == "parent"), None),
        left_out=tuple(LeftOut(**each) for each in told["left_out"]),
        included=tuple(told["included"]),
    )


def head_commit(git: Git) -> str | None:
    """The commit that is checked out; None before the first one."""
    found = git.attempt("rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    return found.stdout.decode().strip() if found.status == 0 else None


def _copy(index: Path, copy: Path) -> int:
    """Copy the index; returns when it was written, in nanoseconds, or 0 where there is none."""
    try:
        with index.open("rb") as source:
            written_ns = os.fstat(source.fileno()).st_mtime_ns
            with copy.open("wb") as target:
                shutil.copyfileobj(source, target)
    except FileNotFoundError:
        return 0
    return written_ns


def _refuse_unmerged(tracked: Sequence[Tracked]) -> None:
    unmerged = sorted({each.entry.path for each in tracked if each.entry.stage})
    if unmerged:
        raise RepositoryError(
            f"files are in conflict: {named(unmerged)}; resolve them and `git add` them, or abort the merge"
        )


def _changed(
    repository: Repository, tracked: Sequence[Tracked], stored_sizes: Sequence[int | None]
) -> tuple[list[bytes], list[LeftOut]]:
    """Lines for `update-index --index-info` that bring the index to what is on disk, and the files that stay behind."""
    differing = [each for each in tracked if each.kind is Kind.CHANGED] + converted(tracked, stored_sizes)
    closed = {each.entry.path for each in differing if not _is_readable(repository.root / each.entry.path)}
    held = kept_as_stored(repository, [each for each in differing if each.entry.path not in closed])
    held |= {path: LeftOut(path, "cannot be read", is_stored=True) for path in closed}
    special = [LeftOut(each.entry.path, "not a regular file") for each in tracked if each.kind is Kind.SPECIAL]
    gone = [each.entry for each in tracked if each.kind in (Kind.GONE, Kind.ABSENT, Kind.SPECIAL)]
    lines = [b"0 %s\t%s\0" % (b"0" * len(entry.blob), os.fsencode(entry.path)) for entry in gone]
    modes = {each.entry.path: each.entry.mode for each in differing if each.entry.path not in held}
    return lines + _recorded(repository, modes), [*held.values(), *special]


def _is_readable(place: Path) -> bool:
    return os.access(place, os.R_OK, follow_symlinks=False)


def _recorded(repository: Repository, paths: Mapping[str, int]) -> list[bytes]:
    """Lines for `update-index --index-info` of files and links as they are on disk, written as blobs. The modes are
    those of the index, 0 for a file that is not tracked.
    """
    modes: list[int] = []
    contents: list[bytes | Path] = []
    for path, mode in paths.items():
        place = repository.root / path
        on_disk = os.lstat(place).st_mode
        is_link = stat.S_ISLNK(on_disk)
        modes.append(LINK if is_link else _file_mode(repository, mode, on_disk))
        contents.append(os.fsencode(place.readlink()) if is_link else place)
    blobs = write_blobs(repository.objects, contents)
    triples = zip(modes, blobs, paths, strict=True)
    return [b"%o %s\t%s\0" % (mode, blob.encode(), os.fsencode(path)) for mode, blob, path in triples]


def _file_mode(repository: Repository, mode: int, on_disk: int) -> int:
    if mode == LINK and not repository.has_links:
        return LINK
    if not repository.trusts_executable:
        return mode if mode in (PLAIN, EXECUTABLE) else PLAIN
    return EXECUTABLE if on_disk & stat.S_IXUSR else PLAIN


def _commit(git: Git, tree: str, head: str | None, left_out: Sequence[LeftOut], included: Sequence[str]) -> str:
    told = {"version": 1, "left_out": [asdict(each) for each in left_out], "included": list(included)}
    message = f"cure-agent: the working tree as it was\n\n{json.dumps(told)}\n"
    parents = ["-p", head] if head else []
    return git.within(**NOBODY).line("commit-tree", tree, *parents, stdin=message.encode())
