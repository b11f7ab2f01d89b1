"""Hunks of a patch, and patches of some of them."""

from __future__ import annotations

import random
from itertools import combinations

import pytest

from agent.repository.errors import RepositoryError
from agent.repository.files import Changed
from agent.repository.git.hunks import hunks, select_hunks
from agent.repository.git.opened import Repository
from agent.repository.git.snapshot import take_snapshot
from tests.agent.repository.git.trees import Tree

LINES = [b"line %d\n" % number for number in range(60)]


def edited(*edits: str) -> bytes:
    """LINES with some of these edits: one removes three lines, one adds two, one changes the last, one empties."""
    lines = list(LINES)
    if "last" in edits:
        lines[-1] = b"no newline"
    if "add" in edits:
        lines[40:40] = [b"added 1\n", b"added 2\n"]
    if "remove" in edits:
        del lines[20:23]
    if "first" in edits:
        lines[0] = b"changed\n"
    return b"".join(lines)


EDITS = ("first", "remove", "add", "last")


def test_every_choice_of_hunks_is_the_patch_of_these_edits_alone(repository: Repository, tree: Tree) -> None:
    tree.write("f.txt", b"".join(LINES))
    snapshot = take_snapshot(repository, "r1")
    whole = snapshot.patch({"f.txt": edited(*EDITS)})
    assert [hunk.number for hunk in hunks(whole)] == [0, 1, 2, 3]
    choices = [chosen for size in range(5) for chosen in combinations(range(4), size)]
    for chosen in random.Random(1).sample(choices, 6):
        part = select_hunks(whole, chosen)
        expected: Changed = {"f.txt": edited(*(EDITS[number] for number in chosen))} if chosen else {}
        assert snapshot.changed_by(part) == expected
    assert select_hunks(whole, [0, 1, 2, 3]) == whole


def test_new_deleted_binary_and_empty_files_are_one_hunk_each(repository: Repository, tree: Tree) -> None:
    tree.write("gone.txt", "1\n2\n")
    snapshot = take_snapshot(repository, "r1")
    changed: Changed = {"a.bin": b"\0\1", "empty": b"", "gone.txt": None, "lib/b.py": b"b = 2\n", "new ü": b"x\ny\n"}
    patch = snapshot.patch(changed)
    found = hunks(patch)
    assert [(hunk.path, bool(hunk.text)) for hunk in found] == [
        ("a.bin", False),
        ("empty", False),
        ("gone.txt", True),
        ("lib/b.py", True),
        ("new ü", True),
    ]
    for hunk in found:
        assert snapshot.changed_by(select_hunks(patch, [hunk.number])) == {hunk.path: changed[hunk.path]}


def test_lines_of_contents_that_look_like_a_patch_are_contents(repository: Repository, tree: Tree) -> None:
    tree.write("f.txt", "-- a/x\n@@ -1 +1 @@\ndiff --git a/x b/x\n\n")
    snapshot = take_snapshot(repository, "r1")
    patch = snapshot.patch({"f.txt": b"++ b/x\n@@ -1 +2 @@\ndiff --git a/y b/y\n\n\x0c\r\n"})
    assert [hunk.path for hunk in hunks(patch)] == ["f.txt"]
    assert select_hunks(patch, [0]) == patch


@pytest.mark.parametrize(
    ("patch", "said"),
    [
        ("words", "no patch of git"),
        ("diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ nothing @@\n", "cannot be read"),
        ("diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1,3 +1 @@\n x\n", "ends in the middle"),
        ("diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-x\n+y\nwords\n", "belongs to no hunk"),
    ],
)
def test_a_text_that_is_no_patch_is_an_error(patch: str, said: str) -> None:
    with pytest.raises(RepositoryError, match=said):
        hunks(patch)


def test_a_number_that_no_hunk_has_is_an_error(repository: Repository) -> None:
    patch = take_snapshot(repository, "r1").patch({"lib/b.py": b"b = 2\n"})
    with pytest.raises(IndexError, match="hunks 0 to 0, not 3"):
        select_hunks(patch, [0, 3])
