"""Gets the outcome of commands out of a workspace: changes, a patch, files."""

from __future__ import annotations

import asyncio
import difflib
import os
from collections.abc import Sequence
from pathlib import Path

from sandbox.workspace.inside import files
from sandbox.workspace.protocol import Change, ChangeKind, PathRefused, Workspace, checked


def really_changed(directory: Path, found: list[list[str]]) -> list[Change]:
    """Changes from (path, kind, digest) triples, sorted by path, without files whose contents are unchanged. Blocks."""
    changes = []
    for path, kind, digest in found:
        if kind == ChangeKind.CHANGED and digest and files.digest(str(directory / path)) == digest:
            continue
        changes.append(Change(path, ChangeKind(kind)))
    return sorted(changes)


class Outcome(Workspace):
    """A Workspace whose patch and exported files are made from its changes."""

    async def diff(self) -> str:
        parts = []
        for change in await self.changes():
            before = after = b""
            try:
                if change.kind != ChangeKind.ADDED:
                    before = await asyncio.to_thread(_contents, self.directory / change.path)
                if change.kind != ChangeKind.DELETED:
                    after = await self.read(change.path)
            except PathRefused:
                parts.append(
                    f"Not in this patch: {change.path} ({change.kind}; not a file, or not one that can be read)\n"
                )
                continue
            parts.append(_file_patch(change, before, after))
        return "".join(parts)

    async def export(self, destination: Path, paths: Sequence[str] | None = None) -> list[Path]:
        target = await asyncio.to_thread(destination.resolve)
        if target.is_relative_to(self.directory):
            raise PathRefused(f"{destination} lies in the directory of the workspace, which is never written to")
        named = paths is not None
        if paths is None:
            paths = [change.path for change in await self.changes() if change.kind != ChangeKind.DELETED]
        written = []
        for path in map(checked, paths):
            try:
                data = await self.read(path)
            except PathRefused:
                if named:
                    raise
                continue
            written.append(await asyncio.to_thread(_write, target, path, data))
        return written


def _contents(path: Path) -> bytes:
    if path.is_symlink() or not path.is_file():
        raise PathRefused(f"{path} is not a file")
    return path.read_bytes()


def _file_patch(change: Change, before: bytes, after: bytes) -> str:
    try:
        old, new = (text.decode().splitlines(keepends=True) for text in (before, after))
    except UnicodeDecodeError:
        return f"Not in this patch: {change.path} ({change.kind}; not text)\n"
    # Only line feeds end lines for `git apply`.
    old, new = ("".join(lines).split("\n") for lines in (old, new))
    sides = [
        "/dev/null" if change.kind == ChangeKind.ADDED else f"a/{change.path}",
        "/dev/null" if change.kind == ChangeKind.DELETED else f"b/{change.path}",
    ]
    head = f"diff --git a/{change.path} b/{change.path}\n"
    if change.kind == ChangeKind.ADDED:
        head += "new file mode 100644\n"
    if change.kind == ChangeKind.DELETED:
        head += "deleted file mode 100644\n"
    return head + "".join(_lines(old, new, sides))


def _lines(old: list[str], new: list[str], sides: list[str]) -> list[str]:
    """Lines of the unified difference of two texts that were split at line feeds."""
    texts = [[f"{line}\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else []) for lines in (old, new)]
    result = []
    for line in difflib.unified_diff(texts[0], texts[1], sides[0], sides[1]):
        result.append(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n")
    return result


def _write(target: Path, path: str, data: bytes) -> Path:
    file = target / path
    file.parent.mkdir(parents=True, exist_ok=True)
    if not file.parent.resolve().is_relative_to(target):
        raise PathRefused(f"{file} leads out of {target}")
    # A link that exists already is not followed.
    fd = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o644)
    with os.fdopen(fd, "wb") as opened:
        opened.write(data)
    return file
