"""Reads a patch of git into files and hunks, and makes the patch of a choice of hunks.

unidiff is not used here: it decodes no quoted names, drops the contents of binary files, and ends lines where Python
does, not where git does.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import count

from agent.repository.errors import RepositoryError

_RANGES = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@(.*)", re.DOTALL)
_NAME = re.compile(r'"?([ab])/((?:[^"\\]|\\.)*)"?', re.DOTALL)
_ESCAPES = {"a": 7, "b": 8, "t": 9, "n": 10, "v": 11, "f": 12, "r": 13, '"': 34, "\\": 92}


@dataclass(frozen=True)
class Hunk:
    """One part of a patch that can be chosen alone."""

    number: int
    """Place among all hunks of the patch, from 0."""
    path: str
    text: str
    """Its lines, the `@@` line first. A file that is new, deleted or binary is one hunk without a `@@` line if it has
    no lines."""


@dataclass(frozen=True)
class FilePatch:
    """The part of a patch that is about one file."""

    path: str
    header: str
    """The lines before the first hunk; of a binary file, all lines."""
    hunks: tuple[str, ...]

    @property
    def text(self) -> str:
        """All its lines."""
        return self.header + "".join(self.hunks)


def file_patches(patch: str) -> list[FilePatch]:
    """The files of a patch, in its order. Raises RepositoryError where the text is no patch of git."""
    # Lines of contents have a sign before them and never begin so.
    starts = [match.start() for match in re.finditer(r"^diff --git ", patch, re.MULTILINE)]
    if patch.strip() and not starts:
        raise RepositoryError("this is no patch of git: there is no line that begins with `diff --git`")
    ends = [*starts[1:], len(patch)]
    return [_file_patch(patch[start:end]) for start, end in zip(starts, ends, strict=True)]


def hunks(patch: str) -> list[Hunk]:
    """All hunks of a patch, numbered. Raises RepositoryError where the text is no patch of git."""
    numbers = count()
    parts = file_patches(patch)
    return [Hunk(next(numbers), part.path, text) for part in parts for text in part.hunks or ("",)]


def select_hunks(patch: str, chosen: Collection[int]) -> str:
    """The patch of the chosen hunks alone, by their numbers; it applies wherever the whole patch does.

    Line numbers of the new side are counted anew, as `git apply --recount` would. Raises IndexError for a number that
    no hunk has, RepositoryError where the text is no patch of git.
    """
    known = {hunk.number for hunk in hunks(patch)}
    if unknown := sorted(set(chosen) - known):
        raise IndexError(f"the patch has hunks 0 to {len(known) - 1}, not {unknown[0]}")
    numbers = count()
    parts = file_patches(patch)
    return "".join(_selected(each, [text for text in each.hunks or ("",) if next(numbers) in chosen]) for each in parts)


def _selected(part: FilePatch, texts: list[str]) -> str:
    if not texts:
        return ""
    shift = 0
    moved: list[str] = []
    for text in texts:
        if not text:
            continue
        first, _, rest = text.partition("\n")
        old, old_lines, _, new_lines, after = _ranges(first)
        # The new side of an empty range is the line before it.
        start = old + shift + (old_lines == 0) - (new_lines == 0)
        moved.append(f"@@ -{_range(old, old_lines)} +{_range(start, new_lines)} @@{after}\n{rest}")
        shift += new_lines - old_lines
    return part.header + "".join(moved)


def _range(start: int, lines: int) -> str:
    return f"{start}" if lines == 1 else f"{start},{lines}"


def _ranges(line: str) -> tuple[int, int, int, int, str]:
    found = _RANGES.match(line)
    if found is None:
        raise RepositoryError(f"this line of the patch cannot be read: {line[:80]!r}")
    old, old_lines, new, new_lines, after = found.groups()
    return int(old), int(old_lines or 1), int(new), int(new_lines or 1), after


def _file_patch(text: str) -> FilePatch:
    lines = text.split("\n")
    first = next((number for number, line in enumerate(lines) if line.startswith("@@ ")), None)
    if first is None:
        return FilePatch(_path(lines), text, ())
    header = "".join(f"{line}\n" for line in lines[:first])
    return FilePatch(_path(lines[:first]), header, tuple(_split(lines[first:])))


def _split(lines: list[str]) -> Iterator[str]:
    """The hunks that these lines hold, by the number of lines that each says it has."""
    while lines and lines[0].startswith("@@ "):
        _, old, _, new, _ = _ranges(lines[0])
        end = 1
        while end < len(lines) and (old > 0 or new > 0 or lines[end].startswith("\\")):
            kind = lines[end][:1]
            old -= kind in (" ", "-", "")
            new -= kind in (" ", "+", "")
            end += 1
        if old > 0 or new > 0:
            raise RepositoryError(f"the patch ends in the middle of a hunk: {lines[0]!r}")
        yield "".join(f"{line}\n" for line in lines[:end])
        lines = lines[end:]
    if any(lines):
        raise RepositoryError(f"this line of the patch belongs to no hunk: {next(filter(None, lines))[:80]!r}")


def _path(header: list[str]) -> str:
    """The path that the lines before a hunk are about."""
    for sign in ("+++ ", "--- "):
        for line in header:
            if line.startswith(sign) and not line.startswith(f"{sign}/dev/null"):
                return unquoted(line[len(sign) :].removesuffix("\t"))
    # Without lines there are no such names; both names after "diff --git" are the same, then.
    both = header[0].removeprefix("diff --git ")
    return unquoted(both[: len(both) // 2])


def unquoted(name: str) -> str:
    """The path that git wrote as `a/path`, or as `"a/path"` with escapes."""
    found = _NAME.fullmatch(name)
    if found is None:
        raise RepositoryError(f"this name in the patch cannot be read: {name!r}")
    if not name.startswith('"'):
        return name[2:]
    return _decoded(found[2])


def _decoded(text: str) -> str:
    out = bytearray()
    for plain, octal, letter in re.findall(r"([^\\]+)|\\([0-7]{3})|\\(.)", text, re.DOTALL):
        out += plain.encode() if plain else bytes([int(octal, 8) if octal else _ESCAPES[letter]])
    return os.fsdecode(bytes(out))
