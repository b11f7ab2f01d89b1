"""A repository of a user whose git settings are those of the test alone."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.repository.git.opened import Repository, open_repository
from tests.agent.repository.git.trees import Tree, make_tree


@pytest.fixture(scope="session", autouse=True)
def settings_of_git(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The user's git settings: a name and an address; no others, no variables of git."""
    settings = tmp_path_factory.mktemp("settings") / "gitconfig"
    settings.write_text('[user]\n\tname = Ada\n\temail = ada@example.org\n[protocol "file"]\n\tallow = always\n')
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("GIT_")]:
            patch.delenv(name)
        patch.setenv("GIT_CONFIG_GLOBAL", str(settings))
        patch.setenv("GIT_CONFIG_NOSYSTEM", "1")
        yield


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """A repository with two commits: `a.py`, `lib/b.py`, `run.sh` (executable), `link` to `a.py`."""
    tree = make_tree(tmp_path / "tree")
    tree.write("a.py", "".join(f"a{line} = {line}\n" for line in range(20)))
    tree.write("lib/b.py", "b = 1\n")
    tree.commit("first")
    tree.write("run.sh", "#!/bin/sh\necho run\n", 0o755)
    (tree.root / "link").symlink_to("a.py")
    tree.commit("second")
    return tree


@pytest.fixture
def repository(tree: Tree) -> Iterator[Repository]:
    """The repository of `tree`, open."""
    with open_repository(tree.root) as opened:
        yield opened
