"""Random dirty trees: snapshot, refusal and undo change nothing, apply changes what the patch says and nothing else.

CURE_AGENT_TREES=1000 tries that many trees; CURE_AGENT_FIRST_TREE is the seed of the first one.
"""

from __future__ import annotations

import os
import stat
from contextlib import closing
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest

from agent.repository.files import Changed
from agent.repository.git.applying import apply_patch, check_patch, redo, undo
from agent.repository.git.merging import EditConflict
from agent.repository.git.opened import Repository, open_repository
from agent.repository.git.snapshot import Snapshot, open_snapshot, take_snapshot
from tests.agent.repository.git.random_trees import make_random_tree, random_contents
from tests.agent.repository.git.trees import Seen, Tree

TREES = int(os.environ.get("CURE_AGENT_TREES", "40"))
FIRST = int(os.environ.get("CURE_AGENT_FIRST_TREE", "0"))


@pytest.mark.parametrize("seed", range(FIRST, FIRST + TREES))
def test_a_random_tree_is_harmed_by_nothing(seed: int) -> None:
    with TemporaryDirectory(prefix="cure-agent-tree-") as folder:
        made = make_random_tree(Path(folder), seed)
        tree, random = made.tree, Random(seed)
        before = tree.everything()
        with open_repository(tree.root) as repository:
            snapshot = take_snapshot(repository, "r1")
            with closing(snapshot.files):
                assert tree.everything() == before, made.features
                assert recorded(snapshot) == on_disk(tree, snapshot), made.features
                changed = random_changes(random, snapshot)
                patch = snapshot.patch(changed)
                assert_stands_for(snapshot, patch, changed)
            check_patch(snapshot, patch)
            assert tree.everything() == before, made.features
            apply_patch(snapshot, patch)
        after = tree.everything()
        assert only_files_differ(before, after)
        assert_applied(tree, before["files"], changed)
        with open_repository(tree.root) as repository:
            undo(repository, "r1")
            assert tree.everything() == before, made.features
            redo(repository, "r1")
            assert tree.everything() == after, made.features
            edit_and_undo(repository, tree, changed, before["files"])


def recorded(snapshot: Snapshot) -> Seen:
    """Kind, executable bit and contents of what the snapshot has."""
    again = open_snapshot(snapshot.repository, snapshot.run)
    assert again.tree == snapshot.tree
    files = snapshot.files
    return {
        path: (mode, files.read(path) if path in files.paths else files._blobs.read(name))
        for path, (mode, name) in files.modes.items()
        if mode != 0o160000
    }


def on_disk(tree: Tree, snapshot: Snapshot) -> Seen:
    """What plain git and the disk say that the snapshot must have."""
    listed = set(tree.git("ls-files", "--cached", "--others", "--exclude-standard", "-z").split("\0")) - {""}
    left_out = {each.path for each in snapshot.left_out if not each.is_stored}
    stored = {each.path for each in snapshot.left_out if each.is_stored}
    seen = tree.files()
    expected: Seen = {}
    for path in listed:
        if path not in seen or any(path == each or path.startswith(each) for each in left_out if each != "./"):
            continue
        mode, data = seen[path]
        if stat.S_ISDIR(mode):
            continue
        if path in stored:
            data = os.fsencode(tree.git("cat-file", "-p", f":{path}"))
        expected[path] = (0o120000 if stat.S_ISLNK(mode) else 0o100755 if mode & 0o100 else 0o100644, data)
    return expected


def random_changes(random: Random, snapshot: Snapshot) -> dict[str, bytes | None]:
    """Changed, deleted and new files."""
    stored = {each.path for each in snapshot.left_out} | {".gitmodules"}
    paths = [path for path in snapshot.files.paths if path not in stored]
    changed: dict[str, bytes | None] = {}
    for path in random.sample(paths, min(len(paths), random.randint(1, 4))):
        draw = random.random()
        old = snapshot.files.read(path)
        changed[path] = None if draw < 0.2 else random_contents(random) if draw < 0.5 else edited(random, old)
    for name in ("brand/new.py", "brand new", "ü\nn"):
        if random.random() < 0.4:
            changed[name] = random_contents(random)
    return changed


def edited(random: Random, data: bytes) -> bytes:
    """The contents with some lines changed, removed or added."""
    lines = data.splitlines(keepends=True)
    for _ in range(random.randint(1, 3)):
        at = random.randint(0, len(lines))
        lines[at : at + random.randint(0, 2)] = [b"patched %d\n" % random.randint(0, 99)] * random.randint(0, 2)
    return b"".join(lines)


def assert_stands_for(snapshot: Snapshot, patch: str, changed: Changed) -> None:
    """The patch says what changes, and nothing else."""
    files = snapshot.files
    known = set(files.paths)
    real = {path: data for path, data in changed.items() if path not in known or files.read(path) != data}
    assert snapshot.changed_by(patch) == real


def only_files_differ(before: dict[str, object], after: dict[str, object]) -> bool:
    """Whether git's own files, the index among them, are the same."""
    return before["git"] == after["git"]


def assert_applied(tree: Tree, before: object, changed: Changed) -> None:
    """The files are as before, but for those of the patch, which keep their permissions."""
    assert isinstance(before, dict)
    after = tree.files()
    files = {path for path, (mode, _) in (before | after).items() if not stat.S_ISDIR(mode)}
    for path in files - changed.keys():
        assert after.get(path) == before.get(path), path
    for path, data in changed.items():
        if data is None:
            assert path not in after
        else:
            mode, found = after[path]
            assert found == data and mode == before.get(path, (mode, b""))[0]


def edit_and_undo(repository: Repository, tree: Tree, changed: Changed, before: object) -> None:
    """Edit a file of the patch at its end: undo keeps the edit, or refuses and changes nothing."""
    assert isinstance(before, dict)
    paths = sorted(path for path, data in changed.items() if data is not None)
    if not paths:
        return
    place = tree.root / paths[0]
    place.chmod(place.stat().st_mode | 0o200)
    place.write_bytes(place.read_bytes() + b"an edit of the user\n")
    dirty = tree.everything()
    try:
        undo(repository, "r1")
    except EditConflict as conflict:
        assert list(conflict.reasons) == [paths[0]] and tree.everything() == dirty
        return
    found = tree.read(paths[0])
    assert found.endswith(b"an edit of the user\n")
    assert found.removesuffix(b"an edit of the user\n") in (before[paths[0]][1], before[paths[0]][1] + b"\n")
    for path in changed.keys() - {paths[0]}:
        assert tree.files().get(path) == before.get(path)
