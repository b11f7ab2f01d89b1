"""Private git directories over the object database of a repository: objects without configuration, hooks, attributes.

A command that runs in such a directory sees the repository's objects and nothing else of it. In-tree attributes are
without effect, too: `info/attributes` overrides them for every path, so that contents are stored, written, merged and
compared byte for byte.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

RAW = "* -text !eol !crlf -ident !filter !working-tree-encoding !diff !merge !whitespace !conflict-marker-size\n"
"""Attributes of every path: contents are bytes, and what git would do to them of itself."""


@dataclass(frozen=True)
class ObjectStore:
    """An object database, and what must be known to add to it as its repository would."""

    folder: Path
    hash_name: str
    """`sha1` or `sha256`."""
    shared: str = ""
    """The value of `core.sharedRepository`: permissions of new objects; empty where it is not set."""


def make_private(folder: Path, store: ObjectStore | None = None, head: str = "ref: refs/heads/none") -> Path:
    """Make a git directory without hooks or remotes, for objects named as in `store`; returns the folder.

    Raises FileExistsError where there is something already.
    """
    for part in ("objects/info", "refs", "info"):
        (folder / part).mkdir(parents=True)
    (folder / "HEAD").write_text(head + "\n")
    (folder / "config").write_text("".join(f"{line}\n" for line in _configuration(store)))
    (folder / "info/attributes").write_text(RAW)
    return folder


def _configuration(store: ObjectStore | None) -> Iterable[str]:
    hash_name = "sha1" if store is None else store.hash_name
    yield "[core]"
    yield f"\trepositoryformatversion = {0 if hash_name == 'sha1' else 1}"
    yield "\tbare = false"
    yield "\tfilemode = true"
    yield "\tautocrlf = false"
    yield "\tlogallrefupdates = false"
    if store is not None and store.shared:
        yield f'\tsharedRepository = "{store.shared}"'
    if hash_name != "sha1":
        yield f"[extensions]\n\tobjectFormat = {hash_name}"


def isolated(git_dir: Path, objects: Path) -> dict[str, str | Path]:
    """Variables of git for commands in a private git directory over these objects: no configuration of anybody."""
    return {
        "GIT_DIR": git_dir,
        "GIT_COMMON_DIR": git_dir,
        "GIT_OBJECT_DIRECTORY": objects,
        "GIT_ALTERNATE_OBJECT_DIRECTORIES": "",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_PARAMETERS": "",
        "GIT_CONFIG_COUNT": "0",
        "GIT_ATTR_NOSYSTEM": "1",
    }
