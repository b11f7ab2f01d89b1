"""Tests that call git work in the sandbox: they see the history of the repository, and nothing else of it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from sandbox.workspace import Command, Setup, open_workspace
from tests.agent.repository.conftest import git
from tests.agent.repository.test_baseline import opened

pytestmark = pytest.mark.bubblewrap
CALLS = """import subprocess


def git(*words):
    return subprocess.run(["git", *words], capture_output=True, text=True, check=True).stdout


def test_files_are_listed():
    assert "pager.py" in git("ls-files").split()


def test_the_history_is_there():
    assert git("log", "--format=%s").split() == ["first"] and git("describe", "--tags").strip() == "v1"
    assert "def page" in git("show", "HEAD:pager.py")


def test_the_changes_of_the_user_are_shown():
    assert git("status", "--porcelain").split() == ["A", "tests/test_git.py"]


def test_nothing_of_the_user_is_there():
    assert git("branch", "--list", "main") == "" and git("remote") == ""
    assert subprocess.run(["git", "config", "user.email"], check=False).returncode == 1


def test_the_users_objects_cannot_be_written():
    objects = open(".git/objects/info/alternates").read().strip()
    try:
        open(objects + "/planted", "w")
    except OSError:
        return
    raise AssertionError("written")
"""


async def test_a_set_up_does_not_see_the_objects(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for name in ("tree", "objects"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text("here")
    setup = Setup((f"ls {tmp_path}/objects > /env/seen 2>&1 || true",))
    workspace = await open_workspace(
        tmp_path / "tree", kind="bubblewrap", setup=setup, objects=[tmp_path / "objects"], say=lambda _: None
    )
    try:
        during = await workspace.run(Command(("cat", "/env/seen")))
        after = await workspace.run(Command(("cat", f"{tmp_path}/objects/file")))
    finally:
        await workspace.close()
    assert b"No such file" in during.stdout and after.stdout == b"here"


async def test_tests_that_call_git_pass(repository: Path, tmp_path: Path) -> None:
    git(repository, "tag", "v1")
    git(repository, "remote", "add", "origin", "https://somewhere/x.git")
    (repository / "tests" / "test_git.py").write_text(CALLS)
    ready, tests, _ = await opened(repository, tmp_path, sandbox="bubblewrap", python=sys.executable)
    assert tests.base is not None
    details = [each.detail for each in tests.base.report.tests.values() if each.detail]
    assert (ready.failing, ready.passed) == ([], 6), "\n".join(details)
