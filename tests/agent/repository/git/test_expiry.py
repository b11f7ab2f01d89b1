"""What a run begins with: old runs expire, the rest stays."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent.repository.errors import RepositoryError
from agent.repository.git.applying import apply_patch, undo
from agent.repository.git.expiry import KEEP, prune, tidy
from agent.repository.git.opened import Repository
from agent.repository.git.refs import list_refs
from agent.repository.git.snapshot import take_snapshot
from agent.repository.git.worktree import worktree
from tests.agent.repository.git.trees import Tree

NOW = datetime.now(UTC)


def test_runs_expire_after_the_last_change_of_their_refs(repository: Repository, tree: Tree) -> None:
    snapshot = take_snapshot(repository, "r1")
    apply_patch(snapshot, snapshot.patch({"lib/b.py": b"b = 2\n"}))
    take_snapshot(repository, "r2")
    assert prune(repository, NOW + KEEP - timedelta(hours=1)) == []
    assert prune(repository, NOW + KEEP + timedelta(hours=1)) == ["r1", "r2"]
    assert list_refs(repository.git) == []
    with pytest.raises(RepositoryError, match="no patch of run r1 is applied"):
        undo(repository, "r1")


def test_refs_that_git_has_packed_expire_too(repository: Repository, tree: Tree) -> None:
    take_snapshot(repository, "r1")
    tree.git("pack-refs", "--all")
    assert prune(repository, NOW + timedelta(days=2), timedelta(days=1)) == ["r1"]
    assert "cure-agent" not in (tree.git_dir / "packed-refs").read_text()


def test_a_run_whose_worktree_is_in_use_does_not_expire(repository: Repository, tmp_path: Path) -> None:
    with worktree(take_snapshot(repository, "r1"), tmp_path / "w"):
        assert tidy(repository, NOW + 2 * KEEP).expired == ()
    assert tidy(repository, NOW + 2 * KEEP).expired == ("r1",)


def test_what_runs_keep_is_bounded_by_what_changed(repository: Repository, tree: Tree) -> None:
    tree.write("ignored/.gitignore", "*\n")
    tree.write("ignored/huge", b"\0" * 1_000_000)
    tree.write("tracked", bytes(range(256)) * 4000)
    tree.commit()

    def kept() -> int:
        return sum(int(kib) for kib in re.findall(r"^size(?:-pack)?: (\d+)", tree.git("count-objects", "-v"), re.M))

    before = kept()
    for number in range(3):
        tree.write("small", f"{number}\n")
        take_snapshot(repository, f"r{number}")
    assert kept() - before < 100
    prune(repository, NOW + 2 * KEEP)
    tree.git("prune", "--expire=now")
    assert kept() <= before
