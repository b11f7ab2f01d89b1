"""What a run begins with: interrupted work is brought to an end, and what is too old to be kept goes."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from agent.repository.git.journal import Recovered, recover
from agent.repository.git.opened import Repository
from agent.repository.git.refs import Ref, change_refs, list_refs, ref_name
from agent.repository.git.worktree import remove_strays

KEEP = timedelta(days=14)
"""How long the objects of a run are kept after its last change of refs."""


@dataclass(frozen=True)
class Tidied:
    """What was found of earlier runs."""

    recovered: tuple[Recovered, ...]
    """Files that a process was writing when it died."""
    strays: tuple[Path, ...]
    """Worktrees of processes that died."""
    expired: tuple[str, ...]
    """Runs whose snapshots and undo records were dropped."""


def tidy(repository: Repository, now: datetime, keep: timedelta = KEEP) -> Tidied:
    """Bring interrupted work to an end, remove stray worktrees, drop expired runs; to be called when a run begins.

    `now` has a time zone. Raises RepositoryError where another process is writing, or files cannot be written.
    """
    recovered, strays = recover(repository), remove_strays(repository)
    return Tidied(tuple(recovered), tuple(strays), tuple(prune(repository, now, keep)))


def prune(repository: Repository, now: datetime, keep: timedelta = KEEP) -> list[str]:
    """Drop the refs of the runs that are older than `keep`; the names of the runs. Git removes their objects when it
    next collects garbage. A run stays while its files are being written or its worktree is listed.
    """
    runs: dict[str, list[Ref]] = defaultdict(list)
    for ref in list_refs(repository.git):
        runs[ref.run].append(ref)
    expired = [run for run, refs in runs.items() if _is_expired(refs, now - keep)]
    names = {ref_name(run, ref.name): None for run in expired for ref in runs[run]}
    if names:
        change_refs(repository.git, names)
    return expired


def _is_expired(refs: list[Ref], oldest: datetime) -> bool:
    in_use = any(ref.name in ("writing", "worktree") for ref in refs)
    times = [ref.time for ref in refs if ref.time is not None]
    return not in_use and max(times, default=0) < oldest.timestamp()
