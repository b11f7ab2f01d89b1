"""Which repositories can be worked in, and what is said of the others."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from agent.repository.errors import RepositoryError
from agent.repository.git.opened import open_repository
from agent.repository.git.snapshot import take_snapshot
from tests.agent.repository.git.trees import Tree, make_tree


def refusal(folder: Path) -> str:
    """What opening the folder says."""
    with pytest.raises(RepositoryError) as error, open_repository(folder):
        pass
    return str(error.value)


def test_a_repository_is_found_from_any_folder_inside(tree: Tree) -> None:
    with open_repository(tree.root / "lib") as repository:
        assert repository.root == tree.root and repository.name == "."
        assert repository.store.hash_name == "sha1"


def test_nothing_is_left_when_a_repository_is_closed(tree: Tree) -> None:
    with open_repository(tree.root):
        pass
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(3):
        with open_repository(tree.root) as repository:
            files = take_snapshot(repository, "r1").files
            assert files.read("a.py")
            process = repository.git.started[0]._process.proc
        assert process.poll() == 0 and not repository.scratch.exists()
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_linked_worktree_knows_its_name(tree: Tree, tmp_path: Path) -> None:
    tree.git("worktree", "add", "--quiet", "--detach", tmp_path / "other")
    with open_repository(tmp_path / "other") as repository:
        assert repository.root == tmp_path / "other" and repository.name == "worktrees/other"
        assert repository.common_dir == tree.root / ".git"


def test_a_submodule_is_a_repository_of_its_own(tree: Tree, tmp_path: Path) -> None:
    outer = make_tree(tmp_path / "outer")
    outer.git("submodule", "--quiet", "add", tree.root, "inner")
    with open_repository(outer.root / "inner") as repository:
        assert repository.root == outer.root / "inner"


def test_variables_of_git_say_which_repository_is_meant(
    tree: Tree, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "home").mkdir()
    (tree.root / ".git").rename(tmp_path / "dotfiles")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "dotfiles"))
    monkeypatch.setenv("GIT_WORK_TREE", str(tree.root))
    with open_repository(tree.root) as repository:
        assert repository.root == tree.root and repository.git_dir == tmp_path / "dotfiles"
        assert repository.git.line("rev-parse", "HEAD")


def test_a_folder_outside_of_repositories_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert "not inside a git repository" in refusal(tmp_path)


def test_a_bare_repository_is_refused(tmp_path: Path) -> None:
    make_tree(tmp_path / "bare", "--bare")
    assert "bare repository" in refusal(tmp_path / "bare")


def test_a_git_folder_is_refused(tree: Tree) -> None:
    assert "inside a .git folder" in refusal(tree.root / ".git" / "refs")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_repository_of_another_user_is_refused_with_the_command_that_trusts_it(tree: Tree) -> None:
    for place in (tree.root, tree.root / ".git"):
        shutil.chown(place, user=12345)
    said = refusal(tree.root)
    assert f"git config --global --add safe.directory {tree.root}" in said


def test_a_git_file_that_names_a_foreign_repository_is_refused(tree: Tree, tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    trap.mkdir()
    (trap / ".git").write_text(f"gitdir: {tree.root / '.git'}\n")
    assert "do not name each other" in refusal(trap)


def test_a_git_link_to_a_foreign_repository_is_refused(tree: Tree, tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    trap.mkdir()
    (trap / ".git").symlink_to(tree.root / ".git")
    assert "do not name each other" in refusal(trap)


def test_a_repository_whose_files_are_said_to_lie_elsewhere_is_refused(tree: Tree, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    tree.git("config", "core.worktree", str(tmp_path / "home"))
    assert "do not name each other" in refusal(tree.root)


def test_a_separate_git_folder_is_accepted_once_it_names_its_tree(tmp_path: Path) -> None:
    tree = make_tree(tmp_path / "tree", f"--separate-git-dir={tmp_path / 'separate'}")
    said = refusal(tree.root)
    command = next(line for line in said.splitlines() if line.startswith("  git "))
    tree.git(*command.split()[1:])
    with open_repository(tree.root) as repository:
        assert repository.git_dir == tmp_path / "separate"


def test_a_missing_git_is_said(tree: Tree, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "git is not installed" in refusal(tree.root)


def test_an_old_git_is_refused(tree: Tree, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    old = tmp_path / "git"
    old.write_text("#!/bin/sh\necho git version 2.25.1\n")
    old.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert "git version 2.25.1 is too old" in refusal(tree.root)
