"""Opens the repository that a folder lies in, and refuses what cannot be worked in, saying why."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from agent.repository.errors import RepositoryError
from agent.repository.git.private import ObjectStore, isolated, make_private
from agent.repository.git.running import Git, running_git

_QUESTIONS = (
    "--is-bare-repository",
    "--is-inside-git-dir",
    "--show-object-format",
    "--absolute-git-dir",
    "--path-format=absolute",
    "--git-common-dir",
    "--git-path",
    "objects",
    "--git-path",
    "index",
    "--show-toplevel",
)
_SETTINGS = r"^(core\.(worktree|filemode|symlinks|sharedrepository)|filter\..*\.(clean|smudge|process))$"


@dataclass(frozen=True, kw_only=True)
class Repository:
    """A git repository with a working tree, as long as it is open."""

    root: Path
    """The top of the working tree, an absolute path without links."""
    git_dir: Path
    common_dir: Path
    """The git directory that linked worktrees share; `git_dir` where there are none."""
    index: Path
    store: ObjectStore
    settings: Mapping[str, str]
    """The few settings that say how files of the working tree are to be read."""
    git: Git
    """Commands that see the repository with its configuration; none of them reads or writes contents of files."""
    objects: Git
    """Commands that see the repository's objects alone."""
    scratch: Path
    """A folder that is removed when the repository is closed."""

    @property
    def trusts_executable(self) -> bool:
        """Whether executable bits on disk mean anything (`core.fileMode`)."""
        return truth(self.settings.get("core.filemode", "true"))

    @property
    def has_links(self) -> bool:
        """Whether symbolic links are checked out as such (`core.symlinks`)."""
        return truth(self.settings.get("core.symlinks", "true"))

    @property
    def filters(self) -> frozenset[str]:
        """Names of the filters that git would run on contents of files."""
        names = (key for key, value in self.settings.items() if key.startswith("filter.") and value)
        return frozenset(key.removeprefix("filter.").rpartition(".")[0] for key in names)

    @property
    def name(self) -> str:
        """The working tree's name in its repository: `.`, or `worktrees/NAME` of a linked worktree."""
        return os.path.relpath(self.git_dir, self.common_dir)


def truth(value: str) -> bool:
    """Whether a setting of git is true."""
    return value.lower() in ("true", "yes", "on", "1")


@contextmanager
def open_repository(folder: Path) -> Iterator[Repository]:
    """The repository that `folder` lies in, until the context is closed.

    Raises RepositoryError where git is missing or too old; where the folder lies in no repository, in a bare one, or in
    a `.git` folder; where git does not trust the repository; and where a `.git` file names a repository that does not
    know this working tree.
    """
    with TemporaryDirectory(prefix="cure-agent-git-") as scratch:
        outside = make_private(Path(scratch) / "outside")
        with running_git(outside) as git:
            yield _opened(git, folder, Path(scratch))


def _opened(git: Git, folder: Path, scratch: Path) -> Repository:
    # Variables such as GIT_DIR say which repository the user means; later commands get the answers, not the variables.
    chosen = {name: os.environ[name] for name in _CHOOSING if name in os.environ}
    there = git.within(folder.resolve(), **chosen)
    answers = _answers(there)
    root, git_dir, common_dir = Path(answers["root"]), Path(answers["git_dir"]), Path(answers["common_dir"])
    user = git.within(
        root,
        GIT_DIR=git_dir,
        GIT_COMMON_DIR=common_dir,
        GIT_WORK_TREE=root,
        GIT_INDEX_FILE=answers["index"],
        GIT_OBJECT_DIRECTORY=answers["objects"],
    )
    settings = _settings(user)
    _refuse_forged(root, git_dir, settings)
    store = ObjectStore(Path(answers["objects"]), answers["hash_name"], settings.get("core.sharedrepository", ""))
    private = make_private(scratch / "private", store)
    return Repository(
        root=root,
        git_dir=git_dir,
        common_dir=common_dir,
        index=Path(answers["index"]),
        store=store,
        settings=settings,
        git=user,
        objects=git.within(private, **isolated(private, store.folder)),
        scratch=scratch,
    )


_CHOOSING = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY")
_NAMES = ("bare", "inside", "hash_name", "git_dir", "common_dir", "objects", "index", "root")


def _answers(git: Git) -> dict[str, str]:
    output = git.attempt("rev-parse", *_QUESTIONS)
    answers = dict(zip(_NAMES, os.fsdecode(output.stdout).split("\n"), strict=False))
    if answers.get("bare") == "true":
        raise RepositoryError(f"{answers['git_dir']} is a bare repository without files; work in a clone of it")
    if answers.get("inside") == "true":
        raise RepositoryError(f"{git.folder} lies inside a .git folder; change to the working tree")
    git.run("rev-parse", "--show-toplevel")
    if output.status != 0 or output.stdout.count(b"\n") != len(_NAMES):
        raise RepositoryError(
            f"the repository of {git.folder} cannot be read: {output.stderr.strip() or 'a newline in its path'}"
        )
    return answers


def _settings(git: Git) -> dict[str, str]:
    """The last value of each setting that is read here, by its name: section and key are in lower case."""
    listed = git.run("config", "-z", "--get-regexp", _SETTINGS, also=(1,))
    pairs = (os.fsdecode(entry).partition("\n") for entry in listed.split(b"\0") if entry)
    # A name without "=" is a true value.
    return {name: value if equals else "true" for name, equals, value in pairs}


def _refuse_forged(root: Path, git_dir: Path, settings: Mapping[str, str]) -> None:
    """Raise RepositoryError where the working tree's `.git` and the repository do not name each other.

    A `.git` file or link that somebody else wrote can name any repository of this user, and `core.worktree` any folder.
    """
    if "GIT_DIR" in os.environ:
        return
    link = root / ".git"
    if link.is_dir() and not link.is_symlink():
        named: Path | None = root if link.samefile(git_dir) else None
    elif (pointer := git_dir / "gitdir").is_file():
        named = (git_dir / os.fsdecode(pointer.read_bytes().rstrip(b"\n"))).parent
    else:
        named = git_dir / settings["core.worktree"] if "core.worktree" in settings else None
    if not link.exists() or named is None or not named.exists() or not named.samefile(root):
        raise RepositoryError(
            f"the repository {git_dir} and the folder {root} do not name each other; if both are yours, run\n"
            f"  git --git-dir={git_dir} config core.worktree {root}"
        )
