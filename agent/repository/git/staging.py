"""A temporary index over a recorded tree, in which changes are tried: patches made and applied without any file.

New objects go to a folder of their own, which vanishes with the index: candidates leave nothing in the repository.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from agent.repository.errors import RepositoryError
from agent.repository.git.blobs import Blobs, write_blobs
from agent.repository.git.opened import Repository
from agent.repository.git.paths import quoted
from agent.repository.git.private import RAW, isolated, make_private
from agent.repository.git.running import Git

# Every option that a version or a setting of git could choose differently: the text is the same everywhere.
_CANONICAL = (
    "--patch",
    "--binary",
    "--full-index",
    "--no-renames",
    "--no-color",
    "--no-ext-diff",
    "--no-textconv",
    "--ignore-submodules=all",
    "--unified=3",
    "--inter-hunk-context=0",
    "--diff-algorithm=myers",
    "--indent-heuristic",
    "--src-prefix=a/",
    "--dst-prefix=b/",
)


@dataclass(frozen=True)
class Stored:
    """What a tree holds at a path."""

    mode: int
    blob: str


@dataclass(frozen=True)
class TreeChange:
    """How one path differs between two trees; None where it is not there."""

    path: str
    before: Stored | None
    after: Stored | None


@dataclass(frozen=True)
class Staging:
    """The index over `tree`, as long as it is open."""

    git: Git
    git_dir: Path
    tree: str

    def put(self, files: Mapping[str, tuple[int, bytes] | None]) -> None:
        """Give these paths these modes and contents; None removes a path. Raises RepositoryError for a path that git
        does not allow.
        """
        kept = {path: file for path, file in files.items() if file is not None}
        blobs = dict(zip(kept, write_blobs(self.git, [data for _, data in kept.values()]), strict=True))
        none = "0" * len(self.tree)
        removed = [f"0 {none}\t{path}\0" for path, file in files.items() if file is None]
        added = [f"{mode:o} {blobs[path]}\t{path}\0" for path, (mode, _) in kept.items()]
        self.git.run("update-index", "-z", "--index-info", stdin=os.fsencode("".join(removed + added)))

    def apply(self, patch: bytes) -> None:
        """Apply a patch. Raises RepositoryError where it is no patch, or does not fit the tree."""
        if patch.strip():
            self.git.run("apply", "--cached", "--whitespace=nowarn", "-", stdin=patch)

    def changes(self) -> list[TreeChange]:
        """The paths that differ from the tree, sorted as git sorts them."""
        output = self.git.run("diff-index", "--cached", "--raw", "--no-abbrev", "--no-renames", "-z", self.tree)
        fields = os.fsdecode(output).split("\0")
        return [_change(head, path) for head, path in zip(fields[0::2], fields[1::2], strict=False)]

    def diff(self, binary: Sequence[str] = ()) -> str:
        """The canonical patch from the tree to the index; contents of the `binary` paths are written in base 85."""
        lines = [quoted_pattern(path) + b" -diff\n" for path in binary]
        (self.git_dir / "info/attributes").write_bytes(RAW.encode() + b"".join(lines))
        # A name of a function that git cut in the middle of a character follows some "@@"; nothing else is ignored.
        return self.git.run("diff-index", "--cached", *_CANONICAL, self.tree).decode(errors="ignore")

    def contents(self, blobs: Sequence[str]) -> dict[str, bytes]:
        """Contents of blobs by name, of the repository and new ones."""
        reader = Blobs(self.git)
        try:
            return {blob: reader.read(blob) for blob in blobs}
        finally:
            reader.close()


@contextmanager
def staging(repository: Repository, tree: str) -> Iterator[Staging]:
    """A temporary index that holds a tree of the repository, until the context is closed."""
    with TemporaryDirectory(dir=repository.scratch, prefix="staging-") as folder:
        git_dir = make_private(Path(folder) / "git", repository.store)
        git = repository.objects.within(git_dir, **isolated(git_dir, git_dir / "objects")).within(
            GIT_INDEX_FILE=git_dir / "index",
            GIT_ALTERNATE_OBJECT_DIRECTORIES=os.fsdecode(quoted(str(repository.store.folder))),
        )
        git.run("read-tree", tree)
        yield Staging(git, git_dir, tree)


def quoted_pattern(path: str) -> bytes:
    """A pattern of .gitattributes that matches this path alone."""
    plain = "".join(f"\\{character}" if character in "*?[\\" else character for character in path)
    return quoted(f"/{plain}")


def _change(head: str, path: str) -> TreeChange:
    old_mode, mode, old_blob, blob, _ = head.removeprefix(":").split(" ")
    before = Stored(int(old_mode, 8), old_blob) if int(old_mode, 8) else None
    after = Stored(int(mode, 8), blob) if int(mode, 8) else None
    if before is not None and after is not None and before.mode & 0o170000 != after.mode & 0o170000:
        raise RepositoryError(f"{path} would change its kind, which only the user may do")
    return TreeChange(path, before, after)
