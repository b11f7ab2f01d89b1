"""Patches: canonical, safe for every content, and the changed files that they stand for."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.repository.errors import RepositoryError
from agent.repository.files import Changed, ChangedFiles, blob_name
from agent.repository.git.opened import Repository, open_repository
from agent.repository.git.patch import normal_form
from agent.repository.git.snapshot import Snapshot, take_snapshot
from tests.agent.repository.git.trees import Tree, make_tree


@pytest.fixture
def snapshot(repository: Repository) -> Snapshot:
    return take_snapshot(repository, "r1")


def test_the_patch_of_changed_new_and_deleted_files(snapshot: Snapshot) -> None:
    changed: Changed = {"run.sh": b"#!/bin/sh\necho ran\n", "lib/b.py": None, "new/c.py": b"c = 1"}
    names = {"old": blob_name(b"b = 1\n"), "new": blob_name(b"c = 1"), "none": "0" * 40}
    names |= {"run": blob_name(b"#!/bin/sh\necho run\n"), "ran": blob_name(b"#!/bin/sh\necho ran\n")}
    assert snapshot.patch(changed) == (
        "diff --git a/lib/b.py b/lib/b.py\n"
        "deleted file mode 100644\n"
        "index {old}..{none}\n"
        "--- a/lib/b.py\n+++ /dev/null\n@@ -1 +0,0 @@\n-b = 1\n"
        "diff --git a/new/c.py b/new/c.py\n"
        "new file mode 100644\n"
        "index {none}..{new}\n"
        "--- /dev/null\n+++ b/new/c.py\n@@ -0,0 +1 @@\n+c = 1\n\\ No newline at end of file\n"
        "diff --git a/run.sh b/run.sh\n"
        "index {run}..{ran} 100755\n"
        "--- a/run.sh\n+++ b/run.sh\n@@ -1,2 +1,2 @@\n #!/bin/sh\n-echo run\n+echo ran\n"
    ).format(**names)


def test_files_that_do_not_change_make_no_patch(snapshot: Snapshot) -> None:
    assert snapshot.patch({}) == snapshot.patch({"lib/b.py": b"b = 1\n", "nowhere": None}) == ""
    assert snapshot.changed_by("") == {}


def test_neither_settings_nor_attributes_of_the_repository_change_the_text(tree: Tree) -> None:
    with open_repository(tree.root) as repository:
        plain = take_snapshot(repository, "r1").patch({"a.py": b"a = 1\n", "ü.py": b"u\n"})
    tree.write(".gitattributes", "* -diff\n* filter=x diff=y merge=z text eol=crlf\n")
    for setting in ("diff.noprefix=true", "diff.context=9", "core.quotePath=false", "diff.algorithm=patience"):
        tree.git("config", *setting.split("="))
    tree.git("config", "diff.y.textconv", "false")
    with open_repository(tree.root) as repository:
        assert take_snapshot(repository, "r2").patch({"a.py": b"a = 1\n", "ü.py": b"u\n"}) == plain


def test_a_patch_leaves_no_objects_in_the_repository(snapshot: Snapshot, tree: Tree) -> None:
    before = tree.git("count-objects", "-v")
    patch = snapshot.patch({"a.py": b"a thing of no other file\n"})
    assert snapshot.changed_by(patch)
    assert tree.git("count-objects", "-v") == before


@pytest.mark.parametrize("path", ["../out", "/etc/passwd", "a//b", ".git/hooks/pre-commit", "lib/.GIT/config", "x/.."])
def test_a_path_outside_of_the_tree_is_refused(snapshot: Snapshot, path: str) -> None:
    with pytest.raises(RepositoryError, match=r"inside the repository|\.git folder"):
        snapshot.patch({path: b"x"})


def test_links_folders_and_files_inside_files_are_refused(snapshot: Snapshot) -> None:
    for changed in ({"link": b"x"}, {"lib": b"x"}, {"a.py/b": b"x"}, {"link/b": b"x"}, {"n": b"x", "n/m": b"x"}):
        with pytest.raises(RepositoryError, match=r"links and submodules|cannot lie"):
            snapshot.patch(changed)
    assert "deleted file" in snapshot.patch({"a.py": None, "a.py/b": b"x"})


def test_a_patch_that_makes_a_link_is_no_changed_file(snapshot: Snapshot) -> None:
    patch = "diff --git a/l b/l\nnew file mode 120000\n--- /dev/null\n+++ b/l\n@@ -0,0 +1 @@\n+/etc\n"
    with pytest.raises(RepositoryError, match="links or submodules"):
        snapshot.changed_by(patch)


@pytest.mark.parametrize(
    "patch", ["no patch", "diff --git a/a.py b/a.py\n--- a/a.py\n+++ b/a.py\n@@ -1 +1 @@\n-z\n+y\n"]
)
def test_a_text_that_does_not_fit_is_refused(snapshot: Snapshot, patch: str) -> None:
    with pytest.raises(RepositoryError, match="git apply"):
        snapshot.changed_by(patch)


def test_ignored_files_that_worktrees_get_are_never_in_a_patch(tree: Tree) -> None:
    tree.write(".gitignore", ".env\n")
    tree.write(".worktreeinclude", ".env\n")
    tree.write(".env", "SECRET=1\n")
    with open_repository(tree.root) as repository:
        snapshot = take_snapshot(repository, "r1")
        assert snapshot.included == (".env",) and ".env" not in snapshot.files.paths
        with pytest.raises(RepositoryError, match=r"cannot be changed: \.env"):
            snapshot.patch({".env": b"x"})


def test_patches_that_differ_in_place_alone_have_one_normal_form(tree: Tree, tmp_path: Path) -> None:
    lines = [b"line %d\n" % number for number in range(9)]
    texts = []
    for number, before in enumerate((b"", b"more\n" * 20)):
        tree.write("f.txt", before + b"".join(lines))
        with open_repository(tree.root) as repository:
            changed = before + b"".join([*lines[:4], b"new\n", *lines[5:]])
            texts.append(take_snapshot(repository, f"r{number}").patch({"f.txt": changed}))
    assert texts[0] != texts[1]
    assert normal_form(texts[0]) == normal_form(texts[1]) != normal_form(texts[0].replace("+new", "+newer"))


CONTENTS = st.one_of(
    st.binary(max_size=60),
    st.text("ab \n\r\t\x0c\u2028é", max_size=60).map(str.encode),
    st.lists(st.sampled_from([b"x\n", b"y\n", b"-\n", b"+++ b/x\n", b"diff --git a/x b/x\n", b"@@ -1 +1 @@\n"])).map(
        b"".join
    ),
)
NAMES = st.sampled_from(
    ["a", "d/b", "sp ace", "new\nline", 'q"uote', "b\\s", "[x]*?", "t\tb", os.fsdecode(b"\xff"), "ü"]
)
BASE = {"a": b"1\n2\n3\n", "d/b": b"\0\1", "sp ace": b"", 'q"uote': b"\xff latin\n", "[x]*?": b"end"}


@pytest.fixture(scope="module")
def base() -> Iterator[Snapshot]:
    """A snapshot of files with strange names and contents."""
    with TemporaryDirectory() as folder:
        tree = make_tree(Path(folder))
        for path, data in BASE.items():
            tree.write(path, data)
        with open_repository(tree.root) as repository:
            yield take_snapshot(repository, "r1")


@given(changed=st.dictionaries(NAMES, st.none() | CONTENTS, max_size=4))
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_patch_stands_for_the_files_it_was_made_of(base: Snapshot, changed: dict[str, bytes | None]) -> None:
    patch = base.patch(changed)
    again = base.changed_by(patch)
    files, repeated = ChangedFiles(base.files, changed), ChangedFiles(base.files, again)
    assert {path: files.read(path) for path in files.paths} == {path: repeated.read(path) for path in repeated.paths}
    assert base.patch(again) == patch and patch.encode().decode() == patch
