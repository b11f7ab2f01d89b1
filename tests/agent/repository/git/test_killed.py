"""A process that is killed at any step of apply, undo or redo leaves a state that the next start brings to an end: all
files old, or all files new.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent.repository.git.applying import apply_patch, redo, undo
from agent.repository.git.expiry import tidy
from agent.repository.git.opened import Repository, open_repository
from agent.repository.git.refs import list_refs
from agent.repository.git.running import Git, Output
from agent.repository.git.snapshot import open_snapshot, take_snapshot
from agent.repository.git.worktree import worktree
from tests.agent.repository.git.trees import Tree

CHANGED = {"a.py": b"a = 2\n", "lib/b.py": None, "made/deep/c.py": b"c = 1\n", "run.sh": b"#!/bin/sh\n"}
STEPS = ("link", "replace", "unlink", "mkdir", "rmdir", "fsync", "fchmod")
"""Functions of `os` that change files; the process dies before one of their calls."""

Work = Callable[[Repository, Path], object]


def apply(repository: Repository, folder: Path) -> None:
    """Apply the recorded patch."""
    apply_patch(open_snapshot(repository, "r1"), (folder / "patch").read_text(), folder)


def undone(repository: Repository, folder: Path) -> None:
    """Take the patch back."""
    undo(repository, "r1", folder)


def redone(repository: Repository, folder: Path) -> None:
    """Apply the patch again."""
    redo(repository, "r1", folder)


def checked_out(repository: Repository, folder: Path) -> None:
    """Make a worktree and remove it."""
    with worktree(open_snapshot(repository, "r1"), folder / "worktree"):
        pass


def killed_at(step: int, work: Work, tree: Tree, folder: Path) -> bool:
    """Do the work in a fork that is killed before the given step, and after the last one; whether it came so far."""
    child = os.fork()
    if child == 0:
        try:
            _die_at(step, (str(tree.root), str(folder)))
            with open_repository(tree.root) as repository:
                work(repository, folder)
        finally:
            os._exit(7)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return True
    assert os.waitstatus_to_exitcode(status) == 7
    return False


def _die_at(step: int, places: tuple[str, ...]) -> None:
    """Make this process kill itself before a step: a call that changes files in one of these folders. A transaction of
    refs is two steps: before it, and after it.
    """
    left = step

    def tick() -> None:
        nonlocal left
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        left -= 1

    def dying(function: Callable[..., object]) -> Callable[..., object]:
        def call(*arguments: object, **options: object) -> object:
            if _place(arguments[0], options).startswith(places):
                tick()
            return function(*arguments, **options)

        return call

    attempt = Git.attempt

    def attempt_and_die(self: Git, *arguments: str, stdin: bytes = b"") -> Output:
        if "update-ref" not in arguments:
            return attempt(self, *arguments, stdin=stdin)
        tick()
        output = attempt(self, *arguments, stdin=stdin)
        tick()
        return output

    Git.attempt = attempt_and_die  # type: ignore[method-assign]  # replaced in this fork
    for name in STEPS:
        setattr(os, name, dying(getattr(os, name)))


def _place(argument: object, options: dict[str, object]) -> str:
    """The path that a call of a function of `os` is about, or a folder above it."""
    descriptor = options.get("dir_fd", options.get("src_dir_fd"))
    if descriptor is None and not isinstance(argument, int):
        return str(argument)
    return str(Path(f"/proc/self/fd/{argument if descriptor is None else descriptor}").readlink())


def states_after_kills(work: Work, tree: Tree, folder: Path, prepare: Callable[[], None], every: int) -> list[bool]:
    """Kill the work at its steps; the files must be old or new afterwards. Whether they were new, for each step."""
    prepare()
    old = tree.everything()
    with open_repository(tree.root) as repository:
        work(repository, folder)
    new = tree.everything()
    found: list[bool] = []
    step = 0
    while True:
        prepare()
        assert tree.everything() == old
        was_killed = killed_at(step, work, tree, folder)
        with open_repository(tree.root) as repository:
            tidy(repository, datetime.now(UTC))
            assert "writing" not in [ref.name for ref in list_refs(repository.git)]
        now = tree.everything()
        assert now in (old, new), step
        found.append(now == new)
        if not was_killed:
            assert now == new
            return found
        step += every


@pytest.fixture
def folder(tree: Tree, tmp_path: Path) -> Path:
    """A run's folder with a patch against a snapshot of the tree."""
    tree.write("a.py", "dirty\n")
    (tree.root / "run.sh").chmod(0o750)
    folder = tmp_path / "run"
    folder.mkdir()
    with open_repository(tree.root) as repository:
        snapshot = take_snapshot(repository, "r1")
        (folder / "patch").write_text(snapshot.patch(CHANGED))
        snapshot.files.close()
    return folder


def state(tree: Tree, folder: Path, wanted: str) -> None:
    """Bring the files to a state: `fresh`, `applied` or `undone`."""
    with open_repository(tree.root) as repository:
        names = {ref.name for ref in list_refs(repository.git)}
        if wanted != "fresh" and not names & {"applied", "undone"}:
            apply(repository, folder)
        elif wanted == "applied" and "undone" in names:
            redo(repository, "r1", folder)
        names = {ref.name for ref in list_refs(repository.git)}
        if wanted != "applied" and "applied" in names:
            undo(repository, "r1", folder)


EVERY = int(os.environ.get("CURE_AGENT_KILL_EVERY", "4"))
"""Steps from one kill to the next; 1 for all of them."""


@pytest.mark.slow
@pytest.mark.parametrize(("work", "before"), [(apply, "fresh"), (undone, "applied"), (redone, "undone")])
def test_all_files_are_old_or_new_after_the_next_start(tree: Tree, folder: Path, work: Work, before: str) -> None:
    found = states_after_kills(work, tree, folder, lambda: state(tree, folder, before), EVERY)
    # It is old up to some step and new from there on.
    assert found == sorted(found) and not found[0] and len(found) > 20 // EVERY


@pytest.mark.slow
def test_no_stray_worktree_is_left_after_the_next_start(tree: Tree, folder: Path) -> None:
    step, before = 0, tree.everything()
    while killed_at(step, checked_out, tree, folder):
        with open_repository(tree.root) as repository:
            tidy(repository, datetime.now(UTC))
            assert [ref.name for ref in list_refs(repository.git)] == ["base"]
        assert not (folder / "worktree").exists() or list((folder / "worktree").iterdir()) == []
        assert tree.everything() == before
        step += EVERY
    assert step > 8


def test_files_edited_after_the_kill_are_left_as_they_are_and_named(tree: Tree, folder: Path) -> None:
    step = next(step for step in range(60) if _is_half_written(step, tree, folder))
    edited = next(path for path in CHANGED if CHANGED[path] is not None and _has_new(tree, path))
    tree.write(edited, "edited after the kill\n")
    with open_repository(tree.root) as repository:
        recovered = tidy(repository, datetime.now(UTC)).recovered
    assert [(each.run, each.is_finished, each.edited) for each in recovered] == [("r1", False, (edited,))], step
    assert tree.read(edited) == b"edited after the kill\n"
    assert f"was interrupted and taken back, except for files edited since: {edited}" in str(recovered[0])
    assert not [path for path in CHANGED if path != edited and CHANGED[path] is not None and _has_new(tree, path)]


def _is_half_written(step: int, tree: Tree, folder: Path) -> bool:
    """Kill apply at a step, and bring the old files back unless some and not all files are new."""
    assert killed_at(step, apply, tree, folder)
    found = [_has_new(tree, path) for path in CHANGED]
    if any(found) and not all(found):
        return True
    with open_repository(tree.root) as repository:
        tidy(repository, datetime.now(UTC))
    return False


def _has_new(tree: Tree, path: str) -> bool:
    place = tree.root / path
    return (place.read_bytes() if place.exists() else None) == CHANGED[path]
