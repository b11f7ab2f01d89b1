"""Judges a patch by the hidden tests of its task."""

from __future__ import annotations

import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from benchmarks.repository_tasks.pools import judge, name_of
from benchmarks.repository_tasks.task import RepositoryTask
from benchmarks.repository_tasks.trials import Bench


@dataclass(frozen=True)
class Judged:
    """What the hidden tests say about a patch."""

    applies: bool
    right: bool
    """Whether all hidden tests pass."""
    repairs: bool
    """Whether those pass that failed before the fix."""


async def judge_patch(task: RepositoryTask, patch: str, bench: Bench) -> Judged:
    """The truth about a unified diff against the task's repository. Its changes of tests do not count."""
    with tempfile.TemporaryDirectory() as folder:
        repository = task.build(Path(folder) / "repository")
        if not _git(repository, "apply", "--whitespace=nowarn", "-", stdin=patch):
            return Judged(False, False, False)
        state = _state(repository)
        _git(repository, "reset", "--hard", "-q")
        _git(repository, "clean", "-fdq")
        truth = (await judge(task, repository, [state], bench)).get(name_of(state), (False, False))
    return Judged(True, *truth)


def _state(repository: Path) -> dict[str, str | None]:
    """Texts of all files that differ from the commit; None where one was deleted."""
    _git(repository, "add", "-A")
    shown = subprocess.run(
        ["git", "-C", str(repository), "diff", "--cached", "--name-only", "--no-renames", "-z"],
        check=True,
        capture_output=True,
    ).stdout.decode()
    places = {path: repository / path for path in shown.split("\0") if path}
    return {
        path: place.read_bytes().decode("utf-8", "surrogateescape") if place.is_file() else None
        for path, place in places.items()
    }


def _git(repository: Path, *arguments: str, stdin: str = "") -> bool:
    command = ["git", "-C", str(repository), *arguments]
    return not subprocess.run(command, input=stdin.encode(), capture_output=True, check=False).returncode
