"""Several files are replaced together or not at all."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

from agent.repository.errors import RepositoryError
from agent.repository.git import replacing
from agent.repository.git.disk import Contents, Obstacle, read_file, write_beside
from agent.repository.git.replacing import FileStep, replace_files
from tests.agent.repository.git.trees import walk

OLD, NEW = Contents(b"old"), Contents(b"new", executable=True)
STEPS = [
    FileStep("changed", OLD, NEW),
    FileStep("gone/deep/file", OLD, None),
    FileStep("made/deep/file", None, NEW),
    FileStep("z", OLD, Contents(b"longer than before")),
]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with the files that STEPS begin with."""
    for step in STEPS:
        if step.before is not None:
            place = tmp_path / "root" / step.path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(step.before.data)
    return tmp_path / "root"


def test_all_files_are_replaced_and_nothing_is_left_beside_them(root: Path) -> None:
    replace_files(root, STEPS, {"made": 0o700})
    assert {path: data for path, (_, data) in walk(root).items() if (root / path).is_file()} == {
        "changed": b"new",
        "made/deep/file": b"new",
        "z": b"longer than before",
    }
    assert (root / "made").stat().st_mode & 0o777 == 0o700 and not (root / "gone").exists()
    assert read_file(root, "changed") == NEW and read_file(root, "z") == Contents(b"longer than before")


def failing(call: str, number: int) -> Callable[..., object]:
    """`os.<call>`, of which one call fails as on a full disk. Removals of what is beside files do not count."""
    real, calls = getattr(os, call), count()

    def fail(*arguments: object, **options: object) -> object:
        is_beside = call == "unlink" and "cure-agent" in str(arguments[0])
        if not is_beside and next(calls) == number:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(*arguments, **options)

    return fail


@pytest.mark.parametrize("has_second_names", [True, False])
@pytest.mark.parametrize(
    ("call", "number"),
    [
        ("replace", 0),
        ("replace", 1),
        ("replace", 2),
        ("unlink", 0),
        ("mkdir", 0),
        ("mkdir", 1),
        ("fsync", 0),
        ("fsync", 2),
    ],
)
def test_a_failure_brings_the_old_files_back(
    root: Path, monkeypatch: pytest.MonkeyPatch, call: str, number: int, has_second_names: bool
) -> None:
    before = walk(root)
    inodes = {path: (root / path).stat().st_ino for path in before}
    if not has_second_names:
        monkeypatch.setattr(os, "link", failing("link", 0))
    with monkeypatch.context() as patch, pytest.raises(RepositoryError, match=r"nothing was changed.*No space left"):
        patch.setattr(os, call, failing(call, number))
        replace_files(root, STEPS, {})
    assert walk(root) == before
    if has_second_names:
        assert {path: (root / path).stat().st_ino for path in before} == inodes
    replace_files(root, STEPS, {})
    assert read_file(root, "changed") == NEW and not (root / "gone").exists()


def test_a_file_that_changes_in_between_stops_everything(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def write_and_edit(at: int, name: str, contents: Contents, like: os.stat_result | None) -> None:
        write_beside(at, name, contents, like)
        (root / "z").write_bytes(b"edited")

    monkeypatch.setattr(replacing, "write_beside", write_and_edit)
    with pytest.raises(RepositoryError, match="z was changed in this moment"):
        replace_files(root, STEPS, {})
    assert (root / "z").read_bytes() == b"edited" and (root / "changed").read_bytes() == b"old"
    assert not [path for path in walk(root) if "cure-agent" in path]


def test_what_is_no_file_is_an_obstacle(root: Path) -> None:
    os.mkfifo(root / "pipe")
    (root / "link").symlink_to("z")
    (root / "out").symlink_to("/etc")
    for path, said in (
        ("pipe", "no regular"),
        ("link", "a link"),
        ("gone", "a folder"),
        ("out/passwd", "not a folder"),
    ):
        with pytest.raises(Obstacle, match=said):
            read_file(root, path)
    assert read_file(root, "nowhere/at/all") is None


def test_a_failing_interrupt_is_passed_on(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = walk(root)

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(replacing, "_refuse_changed", interrupt)
    with pytest.raises(KeyboardInterrupt):
        replace_files(root, STEPS, {})
    assert walk(root) == before
