"""Applying a patch to the user's files, undo and redo: only what the patch says, nothing lost."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from agent.repository.errors import RepositoryError
from agent.repository.files import Changed
from agent.repository.git.applying import apply_patch, check_patch, read_state, redo, undo
from agent.repository.git.hunks import select_hunks
from agent.repository.git.locks import only_writer
from agent.repository.git.merging import EditConflict
from agent.repository.git.opened import Repository, open_repository
from agent.repository.git.snapshot import take_snapshot
from tests.agent.repository.git.trees import Tree

CHANGED: Changed = {"a.py": None, "run.sh": b"#!/bin/sh\necho ran\n", "new/deep/c.py": b"c = 1\n", "lib/b.py": b"\0b"}
LINES = [b"line %d\n" % number for number in range(20)]


def edit(**lines: bytes) -> bytes:
    """LINES with some replaced, as `edit(l3=b"...")`."""
    changed = {int(name[1:]): line for name, line in lines.items()}
    return b"".join(changed.get(number, line) for number, line in enumerate(LINES))


@pytest.fixture
def text(tree: Tree) -> Tree:
    """The tree with `t.txt` of twenty lines."""
    tree.write("t.txt", edit())
    tree.commit()
    return tree


def test_apply_writes_what_the_patch_says_and_undo_and_redo_are_its_inverse(tree: Tree, tmp_path: Path) -> None:
    (tree.root / "run.sh").chmod(0o750)
    before, index = tree.everything(), (tree.git_dir / "index").read_bytes()
    with open_repository(tree.root) as repository:
        snapshot = take_snapshot(repository, "r1")
        patch = snapshot.patch(CHANGED)
        assert check_patch(snapshot, patch).paths == ("a.py", "lib/b.py", "new/deep/c.py", "run.sh")
        assert tree.everything() == before
        written = apply_patch(snapshot, patch, tmp_path)
    assert written.paths == ("a.py", "lib/b.py", "new/deep/c.py", "run.sh") and not written.merged
    after = tree.files()
    assert (tree.git_dir / "index").read_bytes() == index
    assert {path: tree.read(path) for path in CHANGED if path != "a.py"} == {
        path: data for path, data in CHANGED.items() if data is not None
    }
    assert not (tree.root / "a.py").exists() and (tree.root / "run.sh").stat().st_mode & 0o777 == 0o750
    with open_repository(tree.root) as repository:
        assert undo(repository, "r1", tmp_path).message == "taken back"
        assert tree.everything() == before
        assert redo(repository, "r1", tmp_path).message == "applied"
        assert tree.files() == after
        undo(repository, "r1", tmp_path)
    assert tree.everything() == before


def test_the_run_folder_says_what_was_applied(repository: Repository, tmp_path: Path) -> None:
    snapshot = take_snapshot(repository, "r1")
    assert read_state(tmp_path) is None
    apply_patch(snapshot, snapshot.patch({"lib/b.py": b"b = 2\n"}), tmp_path)
    told = read_state(tmp_path)
    assert told is not None and (told["state"], told["run"], told["paths"]) == ("applied", "r1", ["lib/b.py"])
    undo(repository, "r1", tmp_path)
    told = read_state(tmp_path)
    assert told is not None and told["state"] == "undone"


def test_a_run_folder_that_cannot_be_written_is_said_and_no_failure(repository: Repository, tmp_path: Path) -> None:
    snapshot = take_snapshot(repository, "r1")
    written = apply_patch(snapshot, snapshot.patch({"lib/b.py": b"b = 2\n"}), tmp_path / "nowhere")
    assert written.paths == ("lib/b.py",) and "applied.json cannot be written" in written.message
    assert undo(repository, "r1").message == "taken back"


def test_repeated_undo_and_redo_change_nothing_and_say_so(repository: Repository, tree: Tree) -> None:
    snapshot = take_snapshot(repository, "r1")
    apply_patch(snapshot, snapshot.patch({"lib/b.py": b"b = 2\n"}))
    assert redo(repository, "r1").message == "the patch of run r1 is applied already; nothing was changed"
    undo(repository, "r1")
    again = undo(repository, "r1")
    assert again.paths == () and again.message == "the patch of run r1 is taken back already; nothing was changed"
    assert tree.read("lib/b.py") == b"b = 1\n"


def test_undo_without_an_applied_patch_is_an_error(repository: Repository, tmp_path: Path) -> None:
    with pytest.raises(RepositoryError, match="no patch of run r1 is applied"):
        undo(repository, "r1", tmp_path)
    (tmp_path / "applied.json").write_text('{"state": "applied"}')
    with pytest.raises(RepositoryError, match="it has expired"):
        undo(repository, "r1", tmp_path)


def test_edits_elsewhere_in_the_file_are_kept_by_apply_undo_and_redo(text: Tree, repository: Repository) -> None:
    snapshot = take_snapshot(repository, "r1")
    text.write("t.txt", edit(l1=b"mine\n"))
    written = apply_patch(snapshot, snapshot.patch({"t.txt": edit(l15=b"patched\n")}))
    assert written.merged == ("t.txt",) and text.read("t.txt") == edit(l1=b"mine\n", l15=b"patched\n")
    text.write("t.txt", edit(l1=b"mine\n", l7=b"later\n", l15=b"patched\n"))
    assert undo(repository, "r1").merged == ("t.txt",)
    assert text.read("t.txt") == edit(l1=b"mine\n", l7=b"later\n")
    redo(repository, "r1")
    assert text.read("t.txt") == edit(l1=b"mine\n", l7=b"later\n", l15=b"patched\n")


def test_edits_in_the_same_place_are_refused_with_the_names_of_the_files(text: Tree, repository: Repository) -> None:
    snapshot = take_snapshot(repository, "r1")
    patch = snapshot.patch({"t.txt": edit(l15=b"patched\n"), "lib/b.py": b"b = 2\n", "a.py": None, "new.py": b"1\n"})
    text.write("t.txt", edit(l15=b"mine\n"))
    text.write("a.py", "mine\n")
    text.write("new.py", "mine\n")
    before = text.everything()
    with pytest.raises(EditConflict, match="nothing was changed") as error:
        apply_patch(snapshot, patch)
    assert error.value.reasons == {
        "a.py": "it has been edited since and would be deleted",
        "new.py": "it exists already, with other contents",
        "t.txt": "it has been edited since in the same place",
    }
    assert text.everything() == before


def test_undo_refuses_rather_than_lose_edits(text: Tree, repository: Repository) -> None:
    snapshot = take_snapshot(repository, "r1")
    apply_patch(snapshot, snapshot.patch({"t.txt": edit(l15=b"patched\n"), "new.py": b"new\n", "lib/b.py": b"\0"}))
    text.write("t.txt", edit(l15=b"better\n"))
    text.write("new.py", "new and mine\n")
    text.write("lib/b.py", b"\0\1")
    before = text.everything()
    with pytest.raises(EditConflict) as error:
        undo(repository, "r1")
    assert sorted(error.value.reasons) == ["lib/b.py", "new.py", "t.txt"]
    assert text.everything() == before


def test_a_patch_that_the_user_has_applied_by_hand_is_nothing_to_do(repository: Repository, tree: Tree) -> None:
    snapshot = take_snapshot(repository, "r1")
    patch = snapshot.patch({"lib/b.py": b"b = 2\n"})
    tree.write("lib/b.py", "b = 2\n")
    assert "nothing to do" in apply_patch(snapshot, patch).message
    with pytest.raises(RepositoryError, match="no patch of run r1"):
        undo(repository, "r1")


def test_a_second_patch_of_a_run_has_to_wait_for_undo(repository: Repository, tree: Tree) -> None:
    snapshot = take_snapshot(repository, "r1")
    apply_patch(snapshot, snapshot.patch({"lib/b.py": b"b = 2\n"}))
    other = snapshot.patch({"a.py": b"a\n"})
    with pytest.raises(RepositoryError, match="applied already"):
        apply_patch(snapshot, other)
    undo(repository, "r1")
    apply_patch(snapshot, other)
    assert (tree.read("a.py"), tree.read("lib/b.py")) == (b"a\n", b"b = 1\n")
    undo(repository, "r1")
    assert tree.read("lib/b.py") == b"b = 1\n" and tree.read("a.py").startswith(b"a0 = 0\n")


def test_chosen_hunks_alone_are_applied(text: Tree, repository: Repository) -> None:
    snapshot = take_snapshot(repository, "r1")
    patch = snapshot.patch({"t.txt": edit(l1=b"one\n", l10=b"ten\n", l18=b"eighteen\n")})
    apply_patch(snapshot, select_hunks(patch, [0, 2]))
    assert text.read("t.txt") == edit(l1=b"one\n", l18=b"eighteen\n")


def test_line_ends_that_changed_meanwhile_are_kept(text: Tree, repository: Repository) -> None:
    snapshot = take_snapshot(repository, "r1")
    text.write("t.txt", edit(l1=b"mine\n").replace(b"\n", b"\r\n"))
    apply_patch(snapshot, snapshot.patch({"t.txt": edit(l15=b"patched\n")}))
    assert text.read("t.txt") == edit(l1=b"mine\n", l15=b"patched\n").replace(b"\n", b"\r\n")


def test_a_mode_in_a_patch_is_applied_and_taken_back(repository: Repository, tree: Tree) -> None:
    (tree.root / "a.py").chmod(0o640)
    snapshot = take_snapshot(repository, "r1")
    apply_patch(snapshot, "diff --git a/a.py b/a.py\nold mode 100644\nnew mode 100755\n")
    assert (tree.root / "a.py").stat().st_mode & 0o777 == 0o750
    undo(repository, "r1")
    assert (tree.root / "a.py").stat().st_mode & 0o777 == 0o640


def test_executable_bits_that_mean_nothing_stay_as_they_are(tree: Tree) -> None:
    tree.git("config", "core.fileMode", "false")
    (tree.root / "lib/b.py").chmod(0o755)
    (tree.root / "run.sh").chmod(0o644)
    before = tree.everything()
    with open_repository(tree.root) as repository:
        snapshot = take_snapshot(repository, "r1")
        assert snapshot.files.modes["lib/b.py"][0] == 0o100644 and snapshot.files.modes["run.sh"][0] == 0o100755
        apply_patch(snapshot, snapshot.patch({"lib/b.py": b"b = 2\n", "run.sh": b"#!/bin/sh\n"}))
        assert tree.files()["lib/b.py"] == (0o100755, b"b = 2\n")
        assert tree.files()["run.sh"] == (0o100644, b"#!/bin/sh\n")
        undo(repository, "r1")
    assert tree.everything() == before


def test_empty_folders_of_the_user_come_back_with_undo(tree: Tree) -> None:
    (tree.root / "empty/inner").mkdir(parents=True)
    (tree.root / "empty").chmod(0o700)
    (tree.root / "lib").chmod(0o750)
    before = tree.files()
    with open_repository(tree.root) as repository:
        snapshot = take_snapshot(repository, "r1")
        apply_patch(snapshot, snapshot.patch({"empty/inner/new.py": b"n\n", "lib/b.py": None}))
        after = tree.files()
        assert "lib" not in after
        for _ in range(2):
            undo(repository, "r1")
            assert tree.files() == before
            redo(repository, "r1")
            assert tree.files() == after


@pytest.mark.parametrize("name", ["link", "lib"])
def test_nothing_is_written_through_links(repository: Repository, tree: Tree, tmp_path: Path, name: str) -> None:
    snapshot = take_snapshot(repository, "r1")
    patch = snapshot.patch({"lib/b.py": b"b = 2\n", "a.py": b"a\n"})
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "b.py").write_bytes(b"b = 1\n")
    if name == "lib":
        (tree.root / "lib/b.py").unlink()
        (tree.root / "lib").rmdir()
        (tree.root / "lib").symlink_to(outside)
    else:
        (tree.root / "lib/b.py").unlink()
        (tree.root / "lib/b.py").symlink_to(outside / "b.py")
    before = tree.everything()
    with pytest.raises(EditConflict) as error:
        apply_patch(snapshot, patch)
    assert list(error.value.reasons) == ["lib/b.py"]
    assert tree.everything() == before and (outside / "b.py").read_bytes() == b"b = 1\n"


@pytest.mark.parametrize("path", ["../out.txt", ".git/hooks/post-commit", "/tmp/out.txt"])
def test_a_patch_that_leads_out_of_the_tree_is_refused(repository: Repository, path: str) -> None:
    patch = f"diff --git a/{path} b/{path}\nnew file mode 100644\n--- /dev/null\n+++ b/{path}\n@@ -0,0 +1 @@\n+x\n"
    with pytest.raises(RepositoryError):
        apply_patch(take_snapshot(repository, "r1"), patch)


def test_another_git_command_or_process_makes_apply_wait(
    repository: Repository, tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    snapshot = take_snapshot(repository, "r1")
    patch = snapshot.patch({"lib/b.py": b"b = 2\n"})
    (tree.git_dir / "index.lock").touch()
    with pytest.raises(RepositoryError, match=r"index\.lock exists"):
        apply_patch(snapshot, patch)
    (tree.git_dir / "index.lock").unlink()
    with (
        only_writer(repository),
        pytest.raises(RepositoryError, match="another process"),
        only_writer(repository, 0.05),
    ):
        pass
    assert tree.read("lib/b.py") == b"b = 1\n"


def test_a_linked_worktree_has_its_own_files(tree: Tree, tmp_path: Path) -> None:
    tree.git("worktree", "add", "--quiet", "--detach", tmp_path / "other")
    other, main = Tree(tmp_path / "other"), tree.files()
    before = other.everything()
    with open_repository(other.root) as repository:
        snapshot = take_snapshot(repository, "r1")
        apply_patch(snapshot, snapshot.patch(CHANGED))
    with open_repository(tree.root) as repository, pytest.raises(RepositoryError, match="another working tree"):
        undo(repository, "r1")
    with open_repository(other.root) as repository:
        undo(repository, "r1")
    assert other.everything() == before and tree.files() == main


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can write files of other users")
def test_files_of_another_user_stay_theirs(tree: Tree) -> None:
    os.chown(tree.root / "lib/b.py", 1234, 1235)
    with open_repository(tree.root) as repository:
        snapshot = take_snapshot(repository, "r1")
        apply_patch(snapshot, snapshot.patch({"lib/b.py": b"b = 2\n"}))
    status = (tree.root / "lib/b.py").stat()
    assert (status.st_uid, status.st_gid) == (1234, 1235)
