"""A snapshot has what is on disk, says what it leaves out, and changes nothing of the user's."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from agent.repository.errors import RepositoryError
from agent.repository.git.opened import Repository, open_repository
from agent.repository.git.snapshot import Snapshot, open_snapshot, take_snapshot
from agent.repository.git.untracked import LARGEST, MOST
from tests.agent.repository.git.trees import Tree


def contents(snapshot: Snapshot) -> dict[str, bytes]:
    """Contents of all files of the snapshot."""
    try:
        return {path: snapshot.files.read(path) for path in snapshot.files.paths}
    finally:
        snapshot.files.close()


def snapshot_of(tree: Tree, run: str = "r1") -> dict[str, bytes]:
    """Contents of all files of a snapshot taken now; fails if anything of the user's changed."""
    before = tree.everything()
    with open_repository(tree.root) as repository:
        found = contents(take_snapshot(repository, run))
    assert tree.everything() == before
    return found


def test_staged_unstaged_untracked_renamed_and_deleted_files_are_as_on_disk(tree: Tree) -> None:
    tree.write("a.py", "staged\n")
    tree.git("add", "a.py")
    tree.write("a.py", "unstaged\n")
    tree.git("mv", "lib/b.py", "lib/c.py")
    (tree.root / "run.sh").unlink()
    tree.write("new/d.py", b"\0\xff")
    tree.write(".gitignore", "*.log\n")
    tree.write("x.log", "ignored")
    assert snapshot_of(tree) == {
        "a.py": b"unstaged\n",
        "lib/c.py": b"b = 1\n",
        "new/d.py": b"\0\xff",
        ".gitignore": b"*.log\n",
    }


def test_names_of_every_kind(tree: Tree) -> None:
    names = ["with space", "new\nline", 'quo"te', "back\\slash", "tab\t", "-n", "ümlaut", os.fsdecode(b"latin\xfc")]
    for name in names:
        tree.write(name, name.encode("utf-8", "surrogateescape"))
    tree.git("add", "--", names[1])
    tree.write(names[1], "changed")
    found = snapshot_of(tree)
    assert {name: found[name] for name in names} == {
        name: b"changed" if name == names[1] else os.fsencode(name) for name in names
    }


def test_modes_and_links_are_kept(repository: Repository, tree: Tree) -> None:
    (tree.root / "a.py").chmod(0o755)
    (tree.root / "run.sh").chmod(0o644)
    (tree.root / "link").unlink()
    (tree.root / "link").symlink_to("run.sh")
    (tree.root / "away").symlink_to("/etc/hostname")
    modes = take_snapshot(repository, "r1").files.modes
    assert {path: mode for path, (mode, _) in modes.items()} == {
        "a.py": 0o100755,
        "lib/b.py": 0o100644,
        "run.sh": 0o100644,
        "link": 0o120000,
        "away": 0o120000,
    }
    assert tree.git("cat-file", "-p", modes["away"][1]) == "/etc/hostname"


def test_a_folder_that_became_a_link_is_recorded_as_a_link(repository: Repository, tree: Tree, tmp_path: Path) -> None:
    (tree.root / "lib").rename(tmp_path / "elsewhere")
    (tree.root / "lib").symlink_to(tmp_path / "elsewhere")
    files = take_snapshot(repository, "r1").files
    assert files.modes["lib"][0] == 0o120000 and "lib/b.py" not in files.modes


def test_a_file_that_became_a_folder_and_the_reverse(tree: Tree) -> None:
    (tree.root / "a.py").unlink()
    tree.write("a.py/inner", "inner")
    (tree.root / "lib/b.py").unlink()
    (tree.root / "lib").rmdir()
    tree.write("lib", "file")
    found = snapshot_of(tree)
    assert found["a.py/inner"] == b"inner" and found["lib"] == b"file" and "lib/b.py" not in found


def test_flags_of_the_index_do_not_hide_what_is_on_disk(tree: Tree) -> None:
    tree.git("update-index", "--assume-unchanged", "a.py")
    tree.git("update-index", "--skip-worktree", "lib/b.py")
    tree.write("a.py", "assumed\n")
    tree.write("lib/b.py", "skipped\n")
    tree.write("meant.py", "meant\n")
    tree.git("add", "--intent-to-add", "meant.py")
    found = snapshot_of(tree)
    assert (found["a.py"], found["lib/b.py"], found["meant.py"]) == (b"assumed\n", b"skipped\n", b"meant\n")


def test_a_change_in_the_instant_of_the_last_git_command_is_seen(tree: Tree) -> None:
    for number in range(20):
        tree.write("a.py", f"{number:04}\n")
        tree.git("add", "a.py")
        tree.write("a.py", f"{number:03}x\n")
        with open_repository(tree.root) as repository:
            assert contents(take_snapshot(repository, "r1"))["a.py"] == b"%03dx\n" % number


def test_before_the_first_commit(tree: Tree, tmp_path: Path) -> None:
    tree.git("update-ref", "-d", "HEAD")
    (tree.git_dir / "index").unlink()
    before = tree.everything()
    with open_repository(tree.root) as repository:
        snapshot = take_snapshot(repository, "r1")
        assert snapshot.head is None and contents(snapshot)["lib/b.py"] == b"b = 1\n"
    assert tree.everything() == before


def test_a_detached_head_is_the_parent_of_the_snapshot(tree: Tree) -> None:
    tree.git("checkout", "--quiet", "--detach", "HEAD~1")
    with open_repository(tree.root) as repository:
        snapshot = take_snapshot(repository, "r1")
        assert snapshot.head == tree.git("rev-parse", "HEAD").strip()
        assert tree.git("rev-parse", f"{snapshot.commit}^").strip() == snapshot.head


def test_a_sparse_checkout_has_no_more_than_is_on_disk(tree: Tree) -> None:
    tree.git("sparse-checkout", "set", "--cone", "--sparse-index", "other")
    assert not (tree.root / "lib").exists()
    assert "lib/b.py" not in snapshot_of(tree)


def test_submodules_are_recorded_and_not_entered(tree: Tree, tmp_path: Path) -> None:
    inner = Tree(tmp_path / "inner")
    inner.root.mkdir()
    inner.git("init", "--quiet")
    inner.write("i.py", "i\n")
    commit = inner.commit()
    tree.git("submodule", "--quiet", "add", inner.root, "inner")
    tree.write("inner/i.py", "changed inside\n")
    with open_repository(tree.root) as repository:
        snapshot = take_snapshot(repository, "r1")
        assert snapshot.files.modes["inner"] == (0o160000, commit)
        assert not [path for path in snapshot.files.paths if path.startswith("inner/")]


def test_large_files_many_files_and_repositories_inside_are_left_out_and_named(
    repository: Repository, tree: Tree
) -> None:
    with tree.write("large.bin", b"").open("r+b") as file:
        file.truncate(LARGEST + 1)
    for number in range(MOST + 1):
        tree.write(f"node_modules/p{number % 7}/{number}.js", "x")
    for number in range(MOST):
        tree.write(f"data/{number}", "x")
    Tree(tree.write("nested/file", "x").parent).git("init", "--quiet")
    snapshot = take_snapshot(repository, "r1")
    assert [(each.path, each.reason) for each in snapshot.left_out] == [
        ("large.bin", "10.0 MiB that git does not track, more than 10 MiB"),
        ("nested/", "a repository of its own"),
        ("node_modules/", "201 files that git does not track, more than 200"),
    ]
    assert len([path for path in snapshot.files.paths if path.startswith("data/")]) == MOST


@pytest.mark.parametrize("autocrlf", ["true", "input", "false"])
def test_line_ends_are_those_on_disk(tree: Tree, autocrlf: str) -> None:
    tree.git("config", "core.autocrlf", autocrlf)
    tree.write(".gitattributes", "*.bat text eol=crlf\n")
    tree.write("w.bat", "one\r\ntwo\r\n")
    tree.write("w.txt", "one\r\ntwo\r\n")
    tree.write("u.txt", "one\ntwo\n")
    tree.commit()
    os.utime(tree.root / ".git/index", (2e9, 2e9))  # none of the files is in doubt
    found = snapshot_of(tree)
    assert (found["w.bat"], found["w.txt"], found["u.txt"]) == (b"one\r\ntwo\r\n", b"one\r\ntwo\r\n", b"one\ntwo\n")


def test_large_files_behind_a_filter_stay_as_git_stores_them(tree: Tree) -> None:
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:12\nsize 5\n"
    tree.write(".gitattributes", "*.dat filter=lfs\n*.ipynb filter=strip\n")
    tree.write("d.dat", pointer)
    tree.write("n.ipynb", "{}\n")
    tree.commit()
    tree.git("config", "filter.lfs.clean", "false")
    tree.git("config", "filter.strip.clean", "false")
    for name in ("d.dat", "n.ipynb"):
        tree.write(name, "as on disk\n")
    with open_repository(tree.root) as repository:
        snapshot = take_snapshot(repository, "r1")
        found = contents(snapshot)
    assert found["d.dat"] == pointer.encode() and found["n.ipynb"] == b"as on disk\n"
    assert [(each.path, each.reason, each.is_stored) for each in snapshot.left_out] == [
        ("d.dat", "behind the filter lfs, which stores it in another form", True)
    ]


def test_a_split_index_is_read_and_stays(tree: Tree) -> None:
    tree.git("update-index", "--split-index")
    assert snapshot_of(tree)["lib/b.py"] == b"b = 1\n"
    tree.write("a.py", "changed\n")
    assert snapshot_of(tree)["a.py"] == b"changed\n"


def test_a_repository_with_sha256_names(tmp_path: Path) -> None:
    tree = Tree(tmp_path / "sha256")
    tree.root.mkdir()
    tree.git("init", "--quiet", "--object-format=sha256")
    tree.write("a.py", "a\n")
    tree.commit()
    tree.write("b.py", "b\n")
    (tree.root / "a.py").unlink()
    assert snapshot_of(tree) == {"b.py": b"b\n"}


def test_a_shared_repository_stays_writable_for_the_group(tree: Tree) -> None:
    tree.git("config", "core.sharedRepository", "group")
    tree.write("new.py", "new and alone\n")
    snapshot_of(tree)
    name = tree.git("hash-object", "new.py").strip()
    assert (tree.git_dir / "objects" / name[:2]).stat().st_mode & 0o070 == 0o070


def test_a_snapshot_is_opened_again_by_a_later_process(tree: Tree) -> None:
    tree.write("lib/new.py", "new\n")
    with open_repository(tree.root) as repository:
        taken = take_snapshot(repository, "r1")
    tree.write("lib/new.py", "newer\n")
    with open_repository(tree.root) as repository:
        again = open_snapshot(repository, "r1")
        assert (again.commit, again.tree, again.head) == (taken.commit, taken.tree, taken.head)
        assert contents(again)["lib/new.py"] == b"new\n"
        with pytest.raises(RepositoryError, match="run r2 has no snapshot"):
            open_snapshot(repository, "r2")


def test_a_held_index_and_files_in_conflict_are_refused(repository: Repository, tree: Tree) -> None:
    (tree.git_dir / "index.lock").touch()
    with pytest.raises(RepositoryError, match=r"index\.lock exists"):
        take_snapshot(repository, "r1")
    (tree.git_dir / "index.lock").unlink()
    blob = tree.git("hash-object", "-w", "a.py").strip()
    tree.git("update-index", "--index-info", stdin=f"100644 {blob} 2\ta.py\n100644 {blob} 3\ta.py\n".encode())
    with pytest.raises(RepositoryError, match=r"files are in conflict: a\.py"):
        take_snapshot(repository, "r1")


@pytest.mark.parametrize("run", ["", "a/b", "..", "a..b", ".a", "a.lock", "-a", "a b"])
def test_a_run_that_cannot_be_part_of_a_ref_is_an_error(repository: Repository, run: str) -> None:
    with pytest.raises(ValueError, match="cannot name a run"):
        take_snapshot(repository, run)
