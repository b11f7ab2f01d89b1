"""A checkout of a snapshot: what is on disk, a repository of its own, gone afterwards."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from agent.repository.errors import RepositoryError
from agent.repository.git import copying
from agent.repository.git.opened import Repository, open_repository
from agent.repository.git.refs import list_refs
from agent.repository.git.snapshot import take_snapshot
from agent.repository.git.worktree import Worktree, remove_strays, worktree
from tests.agent.repository.git.trees import Tree


@contextmanager
def checked_out(root: Path, folder: Path) -> Iterator[Worktree]:
    """A worktree of a snapshot taken now."""
    with open_repository(root) as repository, worktree(take_snapshot(repository, "r1"), folder) as made:
        yield made


def test_the_files_are_those_of_the_dirty_tree(tree: Tree, tmp_path: Path) -> None:
    tree.write("a.py", "changed\r\n")
    tree.write("new\nname", b"\xff")
    tree.write(".gitattributes", "* text eol=lf\n*.sh ident\n")
    (tree.root / "lib/b.py").unlink()
    (tree.root / "away").symlink_to("/etc/hostname")
    before = tree.everything()
    expected = {path: seen for path, seen in tree.files().items() if path != "lib"}
    with (
        open_repository(tree.root) as repository,
        worktree(take_snapshot(repository, "r1"), tmp_path / "w") as made,
    ):
        assert made.folder == tmp_path / "w" and Tree(made.folder).files() == expected
        assert tree.everything() == before
        subprocess.run(["sh", "run.sh"], cwd=made.folder, check=True, capture_output=True)
    assert not (tmp_path / "w").exists() and tree.everything() == before
    with open_repository(tree.root) as repository:
        assert [ref.name for ref in list_refs(repository.git)] == ["base"]


def test_git_works_inside_and_tells_what_is_true_of_the_user_s_tree(tree: Tree, tmp_path: Path) -> None:
    tree.git("tag", "-a", "v1.0", "-m", "one", "HEAD~1")
    tree.git("tag", "light")
    tree.git("remote", "add", "origin", "https://user:secret@example.org/x.git")
    tree.write("a.py", "changed\n")
    with (
        open_repository(tree.root) as repository,
        worktree(take_snapshot(repository, "r1"), tmp_path / "w") as made,
    ):
        inside = Tree(made.folder)
        assert inside.git("rev-parse", "--show-toplevel").strip() == str(made.folder)
        assert (
            inside.git("describe", "--dirty")
            == tree.git("describe", "--dirty")
            == "v1.0-1-g" + tree.git("rev-parse", "--short", "HEAD").strip() + "-dirty\n"
        )
        assert inside.git("status", "--porcelain") == "M  a.py\n"
        assert inside.git("log", "--format=%s") == "second\nfirst\n"
        inside.commit("inside")
        inside.git("checkout", "--quiet", "-b", "branch")
        assert "secret" not in (made.folder / ".git/config").read_text()
        assert inside.git("remote") == ""
    assert "branch" not in tree.git("branch", "--list") and tree.git("worktree", "list").count("\n") == 1


def test_before_the_first_commit_and_in_a_shallow_clone(tree: Tree, tmp_path: Path) -> None:
    tree.git("clone", "--quiet", "--depth=1", f"file://{tree.root}", tmp_path / "shallow")
    with checked_out(tmp_path / "shallow", tmp_path / "w") as made:
        assert Tree(made.folder).git("log", "--format=%s") == "second\n"
    tree.git("update-ref", "-d", "HEAD")
    with (
        open_repository(tree.root) as repository,
        worktree(take_snapshot(repository, "r1"), tmp_path / "w") as made,
    ):
        assert Tree(made.folder).git("status", "--porcelain").startswith("A  a.py\n")


def test_files_that_worktreeinclude_names_are_copied(tree: Tree, tmp_path: Path) -> None:
    tree.write(".gitignore", ".env\nlocal/\n*.log\nlinked\n")
    tree.write(".worktreeinclude", "# what tests need\n.env\n/local/**\n!local/no\nlinked\n")
    tree.write(".env", "SECRET=1\n", 0o600)
    tree.write("local/yes", "y")
    tree.write("local/no", "n")
    tree.write("x.log", "log")
    tree.write("lib/.env", "L=1\n")
    (tree.root / "linked").symlink_to("/etc/hostname")
    with (
        open_repository(tree.root) as repository,
        worktree(take_snapshot(repository, "r1"), tmp_path / "w") as made,
    ):
        assert made.copied == (".env", "lib/.env", "linked", "local/yes")
        assert (made.folder / ".env").stat().st_mode & 0o777 == 0o600
        assert (made.folder / "linked").is_symlink() and not (made.folder / "local/no").exists()
        assert Tree(made.folder).git("status", "--porcelain", "lib", ".env", "local") == ""


def test_files_behind_filters_are_as_on_disk_if_they_are_not_too_large(
    tree: Tree, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:12\nsize 5\n"
    tree.write(".gitattributes", "*.dat filter=lfs\n")
    for name in ("a.dat", "b.dat"):
        tree.write(name, pointer)
    tree.commit()
    tree.git("config", "filter.lfs.smudge", "false")
    tree.write("a.dat", "data")
    tree.write("b.dat", "more data")
    monkeypatch.setattr(copying, "LARGEST_COPY", 5)
    with (
        open_repository(tree.root) as repository,
        worktree(take_snapshot(repository, "r1"), tmp_path / "w") as made,
    ):
        assert (made.folder / "a.dat").read_bytes() == b"data"
        assert (made.folder / "b.dat").read_bytes() == pointer.encode()
        assert made.copied == ("a.dat",) and [each.path for each in made.left_out] == ["b.dat"]
        assert ".dat" not in Tree(made.folder).git("status", "--porcelain")


def test_a_folder_with_something_in_it_is_refused_and_stays(repository: Repository, tmp_path: Path) -> None:
    (tmp_path / "w").mkdir()
    (tmp_path / "w/mine").touch()
    with (
        pytest.raises(RepositoryError, match="is not empty"),
        worktree(take_snapshot(repository, "r1"), tmp_path / "w"),
    ):
        pass
    assert (tmp_path / "w/mine").exists()


def test_an_error_inside_is_passed_on_and_the_worktree_removed(repository: Repository, tmp_path: Path) -> None:
    with (
        pytest.raises(OSError, match="no such thing"),
        worktree(take_snapshot(repository, "r1"), tmp_path / "w") as made,
    ):
        (made.folder / "read-only").mkdir()
        (made.folder / "read-only/file").touch()
        (made.folder / "read-only").chmod(0o500)
        raise OSError("no such thing")
    assert not (tmp_path / "w").exists()


KILLED = """
import os, signal, sys
from pathlib import Path
from agent.repository.git.opened import open_repository
from agent.repository.git.snapshot import take_snapshot
from agent.repository.git.worktree import worktree
with open_repository(Path(sys.argv[1])) as repository, \\
        worktree(take_snapshot(repository, "r1"), Path(sys.argv[2])):
    print("ready", flush=True)
    sys.stdin.read()
"""


def test_a_worktree_in_use_stays_and_that_of_a_killed_process_is_removed(tree: Tree, tmp_path: Path) -> None:
    folder = tmp_path / "w"
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, tree.root, folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with process, open_repository(tree.root) as repository:
        assert process.stdout is not None and process.stdout.readline() == b"ready\n"
        assert remove_strays(repository) == [] and folder.exists()
        process.kill()
        process.wait()
        assert folder.exists()
        assert remove_strays(repository) == [folder] and not folder.exists()
        assert [ref.name for ref in list_refs(repository.git)] == ["base"]


def test_a_listing_that_somebody_forged_removes_nothing(repository: Repository, tree: Tree, tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / ".git").mkdir(parents=True)
    (home / "precious").touch()
    text = f'{{"folder": "{home}"}}'.encode()
    blob = tree.git("hash-object", "-w", "--stdin", stdin=text).strip()
    tree.git("update-ref", "refs/cure-agent/r1/worktree", blob)
    assert remove_strays(repository) == []
    assert (home / "precious").exists() and list_refs(repository.git) == []
