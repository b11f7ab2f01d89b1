"""A hostile repository: whatever git would run for it, nothing runs, and nothing outside the tree is touched."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent.repository.errors import RepositoryError
from agent.repository.git.applying import apply_patch, check_patch, redo, undo
from agent.repository.git.branching import commit_patch
from agent.repository.git.expiry import tidy
from agent.repository.git.opened import open_repository
from agent.repository.git.snapshot import take_snapshot
from agent.repository.git.worktree import worktree
from tests.agent.repository.git.trees import Tree, make_tree, walk

HOOKS = (
    *("applypatch-msg", "commit-msg", "fsmonitor-watchman", "post-applypatch", "post-checkout", "post-commit"),
    *("post-index-change", "post-merge", "post-rewrite", "pre-applypatch", "pre-auto-gc", "pre-commit", "pre-push"),
    *("pre-merge-commit", "pre-rebase", "prepare-commit-msg", "proc-receive", "reference-transaction"),
)
# Settings whose values are commands; NAME is replaced by the name of the canary.
SETTINGS = {
    "core.fsmonitor": "NAME",
    "core.sshCommand": "NAME",
    "core.pager": "NAME",
    "core.editor": "NAME",
    "core.askPass": "NAME",
    "core.gitProxy": "NAME",
    "core.alternateRefsCommand": "NAME",
    "sequence.editor": "NAME",
    "credential.helper": "!NAME",
    "diff.external": "NAME",
    "diff.evil.command": "NAME",
    "diff.evil.textconv": "NAME",
    "filter.evil.clean": "NAME",
    "filter.evil.smudge": "NAME",
    "filter.evil.required": "true",
    "filter.service.process": "NAME",
    "merge.evil.driver": "NAME",
    "gpg.program": "NAME",
    "commit.gpgSign": "true",
    "tag.gpgSign": "true",
    "interactive.diffFilter": "NAME",
    "uploadpack.packObjectsHook": "NAME",
    "trailer.evil.command": "NAME",
    "alias.ls-files": "!NAME",
    "alias.update-ref": "!NAME",
    "pager.ls-files": "NAME",
    "pager.config": "NAME",
    "gc.auto": "1",
    "protocol.ext.allow": "always",
    "submodule.inner.update": "!NAME",
    "submodule.inner.url": "ext::NAME",
    "submodule.recurse": "true",
    "status.submoduleSummary": "true",
    "diff.submodule": "diff",
    "core.splitIndex": "true",
    "core.logAllRefUpdates": "always",
}
VARIABLES = (
    *(
        "GIT_EXTERNAL_DIFF",
        "GIT_SSH_COMMAND",
        "GIT_SSH",
        "GIT_EDITOR",
        "GIT_SEQUENCE_EDITOR",
        "GIT_PAGER",
        "GIT_ASKPASS",
    ),
    *("SSH_ASKPASS", "PAGER", "EDITOR", "VISUAL", "GIT_PROXY_COMMAND"),
)
ATTRIBUTES = (
    "*.py diff=evil filter=evil merge=evil ident text\n*.txt filter=service diff=evil\n*.sh filter=evil export-subst\n"
)


class Canaries:
    """Commands that leave a file with their name when they run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "canaries"
        self.fired = folder / "fired"
        self.folder.mkdir()
        self.fired.mkdir()

    def make(self, name: str, where: Path | None = None) -> Path:
        """A command; it fails after it has left its file."""
        place = where or self.folder / name.replace("/", "_")
        place.write_text(f"#!/bin/sh\n: > '{self.fired}/{name.replace('/', '_')}'\nexit 1\n")
        place.chmod(0o755)
        return place

    def sung(self) -> list[str]:
        """Names of the commands that have run; they are forgotten."""
        names = sorted(place.name for place in self.fired.iterdir())
        for place in self.fired.iterdir():
            place.unlink()
        return names


@pytest.fixture
def canaries(tmp_path: Path) -> Canaries:
    return Canaries(tmp_path)


@pytest.fixture
def trap(tree: Tree, canaries: Canaries, tmp_path: Path) -> Tree:
    """A repository in which everything is a trap, with a dirty tree."""
    inner = make_tree(tmp_path / "inner")
    inner.write("i.txt", "i\n")
    inner.commit()
    tree.git("submodule", "--quiet", "add", "--name", "inner", inner.root, "inner")
    tree.write(".gitattributes", ATTRIBUTES)
    tree.write("notes.txt", "notes\n")
    tree.commit()
    for hooks in (tree.git_dir / "hooks", tmp_path / "hooks", tree.git_dir / "modules/inner/hooks"):
        hooks.mkdir(exist_ok=True)
        for hook in HOOKS:
            canaries.make(f"hook-{hook}", hooks / hook)
    included = tmp_path / "included"
    included.touch()
    for name, value in SETTINGS.items():
        command = str(canaries.make(f"setting-{name}"))
        where = ["--file", str(included)] if len(name) % 2 else []
        tree.git("config", *where, name, value.replace("NAME", command))
    tree.git("config", "include.path", str(included))
    tree.git("config", "core.hooksPath", str(tmp_path / "hooks"))
    (tree.git_dir / "info/attributes").write_text(ATTRIBUTES)
    tree.write("a.py", tree.read("a.py") + b"dirty = 1\n")
    tree.write("run.sh", "#!/bin/sh\nexit 3\n", 0o755)
    tree.write("new.py", "new\n")
    tree.write("inner/i.txt", "dirty\n")
    (tree.root / "outside").symlink_to(tmp_path)
    return tree


@pytest.fixture
def hostile_variables(canaries: Canaries, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Variables of this process that name commands, and settings given by variables."""
    for name in VARIABLES:
        monkeypatch.setenv(name, str(canaries.make(f"variable-{name}")))
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "core.fsmonitor")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", str(canaries.make("variable-fsmonitor")))
    yield


def plain_git(tree: Tree, *arguments: str) -> None:
    """A git command as the user would type it, whatever comes of it."""
    subprocess.run(["git", *arguments], cwd=tree.root, capture_output=True, timeout=60, check=False)


def everything_that_can_be_done(tree: Tree, folder: Path) -> None:
    """All that this package does, once."""
    with open_repository(tree.root) as repository:
        tidy(repository, datetime.now(UTC))
        snapshot = take_snapshot(repository, "r1")
        with closing(snapshot.files):
            assert snapshot.files.read("new.py") == b"new\n"
            changed = {"a.py": b"first = 1\n" + snapshot.files.read("a.py"), "notes.txt": b"other\n", "made.py": b"m\n"}
            patch = snapshot.patch(changed)
        assert snapshot.changed_by(patch) == changed
        check_patch(snapshot, patch)
        with worktree(snapshot, folder) as made:
            assert (made.folder / "a.py").read_bytes() == tree.read("a.py")
        tree.write("a.py", tree.read("a.py") + b"\n\n\n\nedited = 1\n")
        assert apply_patch(snapshot, patch).merged == ("a.py",)
        undo(repository, "r1")
        redo(repository, "r1")
        with pytest.raises(RepositoryError, match="filters do not run"):
            commit_patch(snapshot, patch, "branch", "message")
        commit_patch(snapshot, snapshot.patch({"free": b"of attributes\n"}), "branch", "message")
        tidy(repository, datetime.now(UTC))


@pytest.mark.usefixtures("hostile_variables")
def test_nothing_of_a_hostile_repository_runs(trap: Tree, canaries: Canaries, tmp_path: Path) -> None:
    canaries.sung()
    before = {path: seen for path, seen in walk(tmp_path).items() if not path.startswith("tree")}
    everything_that_can_be_done(trap, tmp_path / "worktree")
    assert canaries.sung() == []
    assert {path: seen for path, seen in walk(tmp_path).items() if not path.startswith("tree")} == before


def test_the_traps_work_with_plain_git(trap: Tree, canaries: Canaries, tmp_path: Path) -> None:
    canaries.sung()
    for words in (["status"], ["add", "--all"], ["commit", "-m", "x"], ["checkout", "-f"], ["diff"], ["stash"]):
        plain_git(trap, *words)
    plain_git(trap, "cat-file", "--filters", "HEAD:a.py")
    clean = ("-c", "core.fsmonitor=", "-c", "filter.evil.clean=cat", "-c", "filter.evil.smudge=cat")
    trap.write("a.py", "dirty again\n")
    trap.write("run.sh", "#!/bin/sh\n")
    trap.write("notes.txt", "dirty\n")
    plain_git(trap, "hash-object", "-w", "notes.txt")
    plain_git(trap, *clean, "diff", "HEAD~1", "--", "run.sh")
    plain_git(trap, *clean, "diff", "HEAD~1", "--", "a.py")
    plain_git(trap, *clean, "diff", "--no-ext-diff", "HEAD~1", "--", "a.py")
    plain_git(trap, "update-ref", "refs/x", "HEAD")
    sung = canaries.sung()
    expected = ["core.fsmonitor", "diff.external", "diff.evil.command", "diff.evil.textconv"]
    expected += ["filter.evil.clean", "filter.evil.smudge", "filter.service.process"]
    assert {f"setting-{name}" for name in expected} <= set(sung)
    assert "hook-reference-transaction" in sung


def test_objects_that_are_missing_are_fetched_from_nowhere(tree: Tree, canaries: Canaries, tmp_path: Path) -> None:
    command = canaries.make("remote")
    tree.write("a.py", "dirty\n")
    for name, value in {
        "extensions.partialClone": "origin",
        "core.repositoryFormatVersion": "1",
        "remote.origin.url": f"ext::{command} %S",
        "remote.origin.promisor": "true",
        "remote.origin.uploadpack": str(command),
        "protocol.allow": "always",
        "protocol.ext.allow": "always",
    }.items():
        tree.git("config", name, value)
    blob = tree.git("rev-parse", "HEAD:lib/b.py").strip()
    (tree.git_dir / "objects" / blob[:2] / blob[2:]).unlink()
    plain_git(tree, "cat-file", "-p", blob)
    assert canaries.sung() == ["remote"]
    with open_repository(tree.root) as repository:
        snapshot = take_snapshot(repository, "r1")
        with closing(snapshot.files), pytest.raises(RepositoryError, match="missing; in a partial clone"):
            snapshot.files.read("lib/b.py")
        assert snapshot.files.read("a.py") == b"dirty\n"
        snapshot.files.close()
    head = tree.git("rev-parse", "HEAD").strip()
    (tree.git_dir / "objects" / head[:2] / head[2:]).unlink()
    with open_repository(tree.root) as repository:
        assert take_snapshot(repository, "r2").head is None
        tidy(repository, datetime.now(UTC))
    assert canaries.sung() == []


def test_attributes_ignore_files_and_lists_that_are_links_lead_nowhere(tree: Tree, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("*\n")
    for name in (".gitattributes", ".worktreeinclude", "lib/.gitignore"):
        (tree.root / name).symlink_to(secret)
    tree.write(".gitignore", ".env\n")
    tree.write(".env", "SECRET=1\n")
    with open_repository(tree.root) as repository:
        snapshot = take_snapshot(repository, "r1")
        assert snapshot.included == () and snapshot.files.modes[".worktreeinclude"][0] == 0o120000
        with worktree(snapshot, tmp_path / "w") as made:
            assert not (made.folder / ".env").exists()
            assert (made.folder / ".gitattributes").readlink() == secret


def test_a_forged_journal_writes_nothing_outside_of_the_tree(tree: Tree, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious\n")
    (tree.root / "out").symlink_to(tmp_path)
    blob = tree.git("hash-object", "-w", "--stdin", stdin=b"evil\n").strip()
    now = tree.git("hash-object", "-w", str(victim)).strip()
    head = tree.git("rev-parse", "HEAD")
    for path in ("../victim", "out/victim", str(victim), ".git/hooks/post-commit"):
        files = f'[{{"path": "{path}", "before": ["{blob}", false, 420], "after": ["{now}", false, 420]}}]'
        finish = '{"../../heads/main": "self", "base": null}' if path == "out/victim" else "{}"
        told = f'{{"tree": ".", "files": {files}, "folders": {{}}, "permissions": {{}}, "finish": {finish}}}'
        empty = tree.git("mktree").strip()
        commit = tree.git("commit-tree", empty, stdin=f"forged\n\n{told}\n".encode()).strip()
        tree.git("update-ref", "refs/cure-agent/r1/writing", commit)
        with open_repository(tree.root) as repository:
            try:
                tidy(repository, datetime.now(UTC))
            except RepositoryError as error:
                assert any(words in str(error) for words in ("inside the repository", ".git folder", "unknown refs"))
                assert "refs/cure-agent/r1/writing" in str(error)
        assert victim.read_text() == "precious\n" and not (tree.git_dir / "hooks/post-commit").exists()
        assert tree.git("rev-parse", "main") == head
