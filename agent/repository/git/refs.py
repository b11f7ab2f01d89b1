"""Private refs of runs, `refs/cure-agent/<run>/<name>`, and their changes as transactions."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from agent.repository.git.running import Git

PREFIX = "refs/cure-agent"
NOBODY: dict[str, str | Path] = {
    "GIT_AUTHOR_NAME": "cure-agent",
    "GIT_AUTHOR_EMAIL": "cure-agent@localhost",
    "GIT_COMMITTER_NAME": "cure-agent",
    "GIT_COMMITTER_EMAIL": "cure-agent@localhost",
}
"""The author of private commits."""
_RUN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*")


@dataclass(frozen=True)
class Ref:
    """One private ref."""

    run: str
    name: str
    """`base`, `applied`, `undone`, `writing` or `worktree`."""
    target: str
    """The object it names."""
    time: int | None
    """When the commit was made, in seconds since 1970; None where the ref names no commit."""


def ref_name(run: str, name: str) -> str:
    """The full name of a run's ref. Raises ValueError where `run` cannot be a part of one."""
    if not _RUN.fullmatch(run) or run.endswith(".lock"):
        raise ValueError(f"{run!r} cannot name a run: letters, digits, '_', '-' and single dots inside are allowed")
    return f"{PREFIX}/{run}/{name}"


def list_refs(git: Git, run: str | None = None) -> list[Ref]:
    """The private refs of a run, or of all runs, sorted by name."""
    place = PREFIX if run is None else ref_name(run, "")[:-1]
    form = "--format=%(refname)%00%(objectname)%00%(committerdate:unix)"
    lines = os.fsdecode(git.run("for-each-ref", form, place)).splitlines()
    fields = [line.split("\0") for line in lines]
    parts = [(name.removeprefix(PREFIX + "/").split("/"), target, time) for name, target, time in fields]
    return [Ref(at[0], at[1], target, int(time) if time else None) for at, target, time in parts if len(at) == 2]


def change_refs(git: Git, changes: Mapping[str, str | None]) -> None:
    """Make all these refs (by full names) name these objects, None for no longer being there, or change none of them.

    Raises RepositoryError where that cannot be done, for example because another git command holds a ref's lock.
    """
    lines = ["start"]
    lines += [f"update {name} {target}" if target else f"delete {name}" for name, target in changes.items()]
    git.run("update-ref", "--no-deref", "--stdin", stdin="\n".join([*lines, "prepare", "commit", ""]).encode())
