"""Repositories of a user, made with plain git, and everything in them that nobody may change."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

Seen = dict[str, tuple[int, bytes]]
"""Mode and contents of files, links and folders by path."""


@dataclass(frozen=True)
class Tree:
    """A working tree and its repository."""

    root: Path

    def git(self, *arguments: str | Path, stdin: bytes = b"", env: Mapping[str, str] | None = None) -> str:
        """Standard output of a git command in the tree."""
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.root,
            input=stdin,
            capture_output=True,
            check=False,
            env={**os.environ, "GIT_OPTIONAL_LOCKS": "0", **(env or {})},
        )
        assert done.returncode == 0, (arguments, done.stderr.decode())
        return os.fsdecode(done.stdout)

    def write(self, path: str, contents: bytes | str, mode: int = 0o644) -> Path:
        """Write a file, with the folders above it."""
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(contents.encode() if isinstance(contents, str) else contents)
        place.chmod(mode)
        return place

    def read(self, path: str) -> bytes:
        """Contents of a file."""
        return (self.root / path).read_bytes()

    def commit(self, message: str = "more") -> str:
        """Commit all files; the commit's name."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)
        return self.git("rev-parse", "HEAD").strip()

    @property
    def git_dir(self) -> Path:
        """The git directory of this working tree."""
        return Path(self.git("rev-parse", "--absolute-git-dir").strip())

    def files(self) -> Seen:
        """Everything in the working tree but `.git`."""
        return {path: seen for path, seen in walk(self.root).items() if path.split("/")[0] != ".git"}

    def everything(self) -> dict[str, object]:
        """All that work in the repository may not change: files, index, HEAD, refs, reflogs, stash, configuration, and
        what `git status` says; not the object database and the private refs.
        """
        common = Path(self.git("rev-parse", "--path-format=absolute", "--git-common-dir").strip())
        ours = ("objects", "refs/cure-agent")
        kept = {path: seen for path, seen in walk(common).items() if not path.startswith(ours)}
        status = self.git("status", "--porcelain=v2", "--branch", "-z", "--ignored")
        return {"files": self.files(), "git": kept, "status": status}


def walk(root: Path) -> Seen:
    """Mode and contents of everything below a folder; of a link, the target; a folder has none."""
    found: Seen = {}
    for folder, folders, names in os.walk(root):
        for name in [*folders, *names]:
            place = Path(folder) / name
            mode = place.lstat().st_mode
            path = str(place.relative_to(root))
            if place.is_symlink():
                found[path] = mode, os.fsencode(place.readlink())
            else:
                found[path] = mode, place.read_bytes() if place.is_file() else b""
    return found


def make_tree(root: Path, *options: str) -> Tree:
    """A new repository without a commit."""
    root.mkdir(parents=True, exist_ok=True)
    tree = Tree(root)
    tree.git("init", "--quiet", "--initial-branch=main", *options)
    return tree
