"""A patch as a commit on a new branch: files, index and HEAD stay."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.repository.errors import RepositoryError
from agent.repository.git.branching import commit_patch
from agent.repository.git.merging import EditConflict
from agent.repository.git.opened import Repository, open_repository
from agent.repository.git.snapshot import take_snapshot
from tests.agent.repository.git.trees import Tree


def without_branch(tree: Tree, branch: str) -> dict[str, object]:
    """Everything of the user's but the new branch."""
    seen = tree.everything()
    kept = seen["git"]
    assert isinstance(kept, dict)
    kept.pop(f"refs/heads/{branch}", None)
    return seen


def test_the_commit_has_the_patch_and_nothing_of_the_dirty_tree(repository: Repository, tree: Tree) -> None:
    tree.write("a.py", tree.read("a.py") + b"uncommitted = 1\n")
    tree.write("untracked.py", "u\n")
    before = tree.everything()
    snapshot = take_snapshot(repository, "r1")
    changed = {"a.py": b"first = 1\n" + tree.read("a.py"), "new.py": b"n\n", "run.sh": None}
    commit = commit_patch(snapshot, snapshot.patch(changed), "fix", "Fix b\n\nIn words: ü.\n")
    assert without_branch(tree, "fix") == before
    assert tree.git("rev-parse", "fix").strip() == commit
    assert tree.git("rev-parse", "fix^") == tree.git("rev-parse", "main")
    shown = tree.git("show", "--format=%an <%ae>%n%B", "--name-status", "fix").split("\n")
    assert shown[:3] == ["Ada <ada@example.org>", "Fix b", ""] and shown[3] == "In words: ü."
    assert shown[-4:-1] == ["M\ta.py", "A\tnew.py", "D\trun.sh"]
    assert tree.git("show", "fix:a.py") == "first = 1\n" + tree.git("show", "main:a.py")


def test_a_user_without_a_name_is_no_obstacle(
    repository: Repository, tree: Tree, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    snapshot = take_snapshot(repository, "r1")
    commit_patch(snapshot, snapshot.patch({"lib/b.py": b"b = 2\n"}), "fix", "Fix")
    assert tree.git("log", "-1", "--format=%an", "fix").strip() == "cure-agent"


def test_changes_that_are_not_committed_and_needed_are_named(repository: Repository, tree: Tree) -> None:
    tree.write("lib/b.py", "b = 5\n")
    tree.write("untracked.py", "u\n")
    snapshot = take_snapshot(repository, "r1")
    patch = snapshot.patch({"lib/b.py": b"b = 6\n", "untracked.py": b"v\n"})
    before = tree.everything()
    with pytest.raises(EditConflict, match="changes that are not committed") as error:
        commit_patch(snapshot, patch, "fix", "Fix")
    assert sorted(error.value.reasons) == ["lib/b.py", "untracked.py"]
    assert tree.everything() == before


def test_line_ends_are_committed_as_git_stores_them(tree: Tree) -> None:
    tree.git("config", "core.autocrlf", "true")
    tree.write("w.txt", b"one\r\ntwo\r\n")
    tree.commit()
    with open_repository(tree.root) as repository:
        snapshot = take_snapshot(repository, "r1")
        assert snapshot.files.read("w.txt") == b"one\r\ntwo\r\n"
        commit_patch(snapshot, snapshot.patch({"w.txt": b"one\r\n2\r\n"}), "fix", "Fix")
    assert tree.git("cat-file", "-p", "fix:w.txt") == "one\n2\n"


def test_branches_that_exist_or_cannot_be_named_so_are_refused(repository: Repository, tree: Tree) -> None:
    snapshot = take_snapshot(repository, "r1")
    patch = snapshot.patch({"lib/b.py": b"b = 2\n"})
    for branch, said in (("main", "exists already"), ("a..b", "cannot be the name"), ("-d", "cannot be the name")):
        with pytest.raises(RepositoryError, match=said):
            commit_patch(snapshot, patch, branch, "Fix")


def test_without_a_commit_or_behind_a_filter_there_is_no_branch(tree: Tree) -> None:
    tree.write(".gitattributes", "*.x filter=f\n")
    tree.write("a.x", "x\n")
    tree.commit()
    tree.git("config", "filter.f.clean", "false")
    with open_repository(tree.root) as repository:
        snapshot = take_snapshot(repository, "r1")
        with pytest.raises(RepositoryError, match=r"only git's filters can store these files.*a\.x \(f\)"):
            commit_patch(snapshot, snapshot.patch({"a.x": b"y\n"}), "fix", "Fix")
    tree.git("update-ref", "-d", "HEAD")
    with open_repository(tree.root) as repository:
        snapshot = take_snapshot(repository, "r2")
        with pytest.raises(RepositoryError, match="no commit yet"):
            commit_patch(snapshot, snapshot.patch({"a.py": b"y\n"}), "fix", "Fix")
