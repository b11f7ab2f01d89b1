"""Tracked files whose bytes on disk are not those that git stores: line ends, keywords, encodings, filters.

A snapshot records what is on disk. Files behind a filter are recorded so only if they are text on both sides: the
stored form of a large file (LFS) or of a secret (git-crypt) is left as it is, since the form on disk is not meant to
reach the object database.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from agent.repository.git.blobs import Blobs
from agent.repository.git.opened import Repository
from agent.repository.git.tracked import Kind, Tracked
from agent.repository.git.untracked import LARGEST, LeftOut

_POINTER = b"version https://git-lfs.github.com/spec/"


def converted(tracked: Sequence[Tracked], stored_sizes: Sequence[int | None]) -> list[Tracked]:
    """The files that are as the index remembers them, but of another size than what git stores."""
    pairs = zip(tracked, stored_sizes, strict=True)
    return [
        each
        for each, size in pairs
        if each.kind is Kind.CLEAN and size is not None and each.status and each.status.st_size != size
    ]


def kept_as_stored(repository: Repository, tracked: Sequence[Tracked]) -> dict[str, LeftOut]:
    """The files among `tracked`, by path, that a snapshot has as git stores them, each with the reason."""
    filters = filters_of(repository, [each.entry.path for each in tracked])
    if not filters:
        return {}
    blobs = Blobs(repository.objects)
    try:
        held = {each.entry.path: _reason(repository.root, blobs, each, filters) for each in tracked}
    finally:
        blobs.close()
    return {path: LeftOut(path, reason, is_stored=True) for path, reason in held.items() if reason}


def filters_of(repository: Repository, paths: Sequence[str]) -> dict[str, str]:
    """Names of the configured filters of these files, by path."""
    if not repository.filters or not paths:
        return {}
    given = b"".join(os.fsencode(path) + b"\0" for path in paths)
    fields = os.fsdecode(repository.git.run("check-attr", "--stdin", "-z", "filter", stdin=given)).split("\0")
    named = dict(zip(fields[0::3], fields[2::3], strict=False))
    return {path: name for path, name in named.items() if name in repository.filters}


def _reason(root: Path, blobs: Blobs, file: Tracked, filters: dict[str, str]) -> str:
    name = filters.get(file.entry.path)
    if name is None or file.status is None:
        return ""
    behind = f"behind the filter {name}"
    if file.status.st_size > LARGEST:
        return f"{behind}, {file.status.st_size / (1 << 20):.1f} MiB on disk"
    stored, path = blobs.read(file.entry.blob), root / file.entry.path
    on_disk = b"" if path.is_symlink() else path.read_bytes()
    if on_disk == stored:
        return ""
    if stored.startswith(_POINTER) or b"\0" in stored:
        return f"{behind}, which stores it in another form"
    return f"{behind}, binary on disk" if b"\0" in on_disk else ""
