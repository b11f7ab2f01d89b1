"""Reads what replaces what out of an answer: SEARCH/REPLACE blocks, `*** Begin Patch`, unified diffs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import KW_ONLY, dataclass
from itertools import pairwise

from cure.fences import fence

_SEARCH = re.compile(r"\s{0,3}(?:<{3,10} ?(?:SEARCH|ORIGINAL|HEAD|OLD)\b.*|<{5,10}\s*)", re.IGNORECASE)
_MIDDLE = re.compile(r"\s{0,3}={5,10}\s*")
_REPLACE = re.compile(r"\s{0,3}(?:>{3,10} ?(?:REPLACE|UPDATED|NEW|END)\b.*|>{5,10}(?: ?\S+)?\s*)", re.IGNORECASE)
_FILE = re.compile(
    r"(?:\*\*\* )?(?P<what>Update|Add|Delete|Create|Modify|Move to|Rename) ?(?:File)?: ?(?P<path>\S.*?)(?:\s*\*+)?\s*"
)
_HEADER = re.compile(r"(?P<sign>---|\+\+\+) (?P<path>[^\t\n]+?)(?:\t.*|\s+\d{4}-\d\d-\d\d.*)?\s*")
_AT = re.compile(r"@@(?: ?-(?P<line>\d+)(?:,\d+)? \+\d+(?:,\d+)? ?@@)?\s?(?P<context>.*?)(?:\s*@@)?\s*")


@dataclass(frozen=True)
class Replacement:
    """Lines to be searched for, and those that replace them."""

    path: str
    """The file in the words of the answer; empty where it names none."""
    search: tuple[str, ...]
    """Empty where the lines are appended, or the file is new."""
    replace: tuple[str, ...]
    _: KW_ONLY
    context: tuple[str, ...] = ()
    """Lines, such as `class A:`, somewhere below which the searched lines stand."""
    line: int | None = None
    """Where the lines should be, from 1, by the answer's word."""
    patch: bool = False
    """Whether the hunk is part of a diff, with lines around that stay."""
    deletes: bool = False
    """Whether the file is deleted."""
    cut: bool = False
    """Whether the answer ends inside the hunk."""
    malformed: bool = False
    """Whether the line between what is searched and what replaces it is missing."""


def search_replace(text: str) -> list[Replacement]:
    """The SEARCH/REPLACE blocks of an answer, with or without fences around; the path stands on a line above. A block
    ends at its own last mark or where the next one begins.
    """
    lines = text.split("\n")
    starts = [at for at, line in enumerate(lines) if _SEARCH.fullmatch(line)]
    found: list[Replacement] = []
    path = ""
    for start, following in pairwise([*starts, len(lines)]):
        path = _path_above(lines, start) or path
        middle = next((at for at in range(start + 1, following) if _MIDDLE.fullmatch(lines[at])), None)
        end = next((at for at in range((middle or start) + 1, following) if _REPLACE.fullmatch(lines[at])), None)
        if middle is None or (end is None and following == len(lines)):
            found.append(
                Replacement(path, tuple(lines[start + 1 : end or following]), (), cut=end is None, malformed=True)
            )
        else:
            found.append(
                Replacement(path, tuple(lines[start + 1 : middle]), tuple(lines[middle + 1 : end or following]))
            )
    return found


def _path_above(lines: Sequence[str], at: int) -> str:
    """The path on the nearest line above with words, fences passed over."""
    for line in reversed(lines[max(0, at - 4) : at]):
        mark = fence(line)
        text = mark.info.partition(" ")[2] if mark and " " in mark.info else "" if mark else line
        if mark and not text and re.search(r"[/.]\w", mark.info):
            text = mark.info.rpartition(":")[2]
        words = re.sub(r"^(?:[#/*\-\s]*)(?:file(?:name|path)?|path|in)\b\s*:?", "", text.strip(), flags=re.IGNORECASE)
        found = re.search(r"[\w./\\@+-]*\w\.[A-Za-z]\w{0,9}\b|[\w./-]+/[\w.-]+|\b(?:Makefile|Dockerfile)\b", words)
        if found:
            return found[0]
        if text.strip():
            return ""
    return ""


def patches(text: str) -> list[Replacement]:
    """The hunks of `*** Begin Patch` blocks and unified diffs, as models write them: line numbers may be missing or
    wrong, and blank lines without their leading blank.
    """
    found: list[Replacement] = []
    lines = text.split("\n")
    at = 0
    while at < len(lines):
        begin = _begin(lines, at)
        if begin is None:
            at += 1
            continue
        path, kind, at = begin
        end = at
        while end < len(lines) and not _stops(lines, end):
            end += 1
        found += _hunks(path, kind, lines[at:end], cut=end == len(lines) and _in_fence(lines))
        at = end
    return found


def _in_fence(lines: Sequence[str]) -> bool:
    return sum(1 for line in lines if fence(line)) % 2 == 1


def _begin(lines: Sequence[str], at: int) -> tuple[str, str, int] | None:
    """Path, kind of change (`update`, `add`, `delete`) and first line of the hunks that begin at line `at`."""
    if (file := _FILE.fullmatch(lines[at])) and lines[at].startswith("*** "):
        kinds = {"Add": "add", "Create": "add", "Delete": "delete"}
        return file["path"], kinds.get(file["what"], "update"), at + 1
    old = _HEADER.fullmatch(lines[at])
    if old and old["sign"] == "---" and at + 1 < len(lines):
        new = _HEADER.fullmatch(lines[at + 1])
        if new and new["sign"] == "+++":
            if new["path"] == "/dev/null":
                return _without_prefix(old["path"]), "delete", at + 2
            kind = "add" if old["path"] == "/dev/null" else "update"
            return _without_prefix(new["path"]), kind, at + 2
    if lines[at].startswith("@@") and _AT.fullmatch(lines[at]):
        return "", "update", at
    mark = fence(lines[at])
    if mark and mark.language in ("diff", "patch") and not any(_opens(lines, i) for i in range(at + 1, len(lines))):
        return "", "update", at + 1
    return None


def _opens(lines: Sequence[str], at: int) -> bool:
    return lines[at].startswith(("@@", "*** ")) or bool(_HEADER.fullmatch(lines[at]))


def _stops(lines: Sequence[str], at: int) -> bool:
    """Whether the hunks of one file end at this line."""
    line = lines[at]
    if line.startswith(("*** ", "diff --git ")) and not line.startswith("*** End of File"):
        return True
    mark = fence(line)
    if mark and not line[:1].isspace():
        return True
    return (
        bool(_HEADER.fullmatch(line))
        and at + 1 < len(lines)
        and lines[at + 1].startswith("+++ ")
        and line.startswith("---")
    )


def _without_prefix(path: str) -> str:
    return re.sub(r"^[abciow]/", "", path.strip())


def _hunks(path: str, kind: str, lines: Sequence[str], cut: bool) -> Iterator[Replacement]:
    if kind == "delete":
        yield Replacement(path, (), (), deletes=True)
        return
    if kind == "add":
        added = [line for line in lines if not line.startswith("@@")]
        plus = sum(line.startswith("+") for line in added)
        text = [line[1:] if line.startswith("+") else line for line in added] if plus * 2 > len(added) else added
        yield Replacement(path, (), tuple(text), cut=cut)
        return
    start = 0
    context: tuple[str, ...] = ()
    number: int | None = None
    parts: list[tuple[tuple[str, ...], int | None, Sequence[str]]] = []
    for at, line in enumerate([*lines, "@@"]):
        if line.startswith("@@") and (found := _AT.fullmatch(line)):
            if at > start:
                parts.append((context, number, lines[start:at]))
                context = ()
            context = (*context, found["context"]) if found["context"] else context
            number = int(found["line"]) if found["line"] else None
            start = at + 1
    for index, (above, line_number, body) in enumerate(parts):
        if hunk := _hunk(path, above, line_number, body, cut=cut and index == len(parts) - 1):
            yield hunk


def _hunk(path: str, context: tuple[str, ...], line: int | None, body: Sequence[str], cut: bool) -> Replacement | None:
    """The hunk of these lines; None where nothing is added or removed."""
    lines = [each for each in body if not each.startswith(("\\ No newline", "*** End of File", "index ", "diff --git"))]
    while lines and not lines[-1].strip():
        lines.pop()
    if not any(each.startswith(("+", "-")) for each in lines):
        return None
    search = [_kept(each) for each in lines if not each.startswith("+")]
    replace = [_kept(each) for each in lines if not each.startswith("-")]
    return Replacement(path, tuple(search), tuple(replace), context=context, line=line, patch=True, cut=cut)


def _kept(line: str) -> str:
    """A line of a hunk without its mark; models leave out the blank before lines that stay."""
    return line[1:] if line[:1] in "+- " else line
