"""Patches are judged by hidden tests, whatever they do to the tests of the repository."""

from __future__ import annotations

import difflib
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.repository_tasks.environment import virtual_environment
from benchmarks.repository_tasks.patches import judge_patch
from benchmarks.repository_tasks.task import RepositoryTask
from benchmarks.repository_tasks.trials import Bench
from tests.agent.repository.tasks.conftest import BUGGY, FIXED

pytestmark = pytest.mark.bubblewrap
PATH = "small/clamp.py"
CONFTEST = "def pytest_collection_modifyitems(items):\n    items.clear()\n"


def patch(path: str, before: str, after: str) -> str:
    """A unified diff; of a new file where `before` is empty."""
    head = f"diff --git a/{path} b/{path}\n" + ("" if before else "new file mode 100644\n")
    old = f"a/{path}" if before else "/dev/null"
    lines = difflib.unified_diff(before.splitlines(True), after.splitlines(True), old, f"b/{path}")
    return head + "".join(lines)


async def test_the_fix_is_right(task: RepositoryTask, bench: Bench) -> None:
    judged = await judge_patch(task, patch(PATH, BUGGY, FIXED), bench)
    assert (judged.applies, judged.right, judged.repairs) == (True, True, True)


async def test_a_patch_that_leaves_the_fault_is_wrong(task: RepositoryTask, bench: Bench) -> None:
    judged = await judge_patch(task, patch(PATH, BUGGY, BUGGY + "\n\nLIMIT = 3\n"), bench)
    assert (judged.applies, judged.right, judged.repairs) == (True, False, False)


async def test_a_planted_conftest_does_not_help(task: RepositoryTask, bench: Bench) -> None:
    judged = await judge_patch(task, patch("conftest.py", "", CONFTEST), bench)
    assert (judged.applies, judged.right) == (True, False)


async def test_a_patch_that_does_not_apply_is_wrong(task: RepositoryTask, bench: Bench) -> None:
    judged = await judge_patch(task, patch(PATH, FIXED, BUGGY), bench)
    assert not judged.applies and not judged.right


def test_the_environment_has_the_package_and_is_not_seen_by_git(task: RepositoryTask, tmp_path: Path) -> None:
    repository = task.build(tmp_path / "repository")
    python = virtual_environment(task, repository, Path(sys.executable))
    status = subprocess.run(["git", "-C", str(repository), "status", "--porcelain"], capture_output=True, check=True)
    assert not status.stdout
    script = "import pytest, small.clamp; print(small.clamp.__file__)"
    said = subprocess.run([str(python), "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert said.stdout.strip() == str((repository / PATH).resolve())
