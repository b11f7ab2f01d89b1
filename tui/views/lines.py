"""Differences of two texts, line by line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher, unified_diff
from typing import Literal

from tui.views.plain import shown_lines

Sign = Literal["+", "-", " ", "@"]


@dataclass(frozen=True)
class DiffLine:
    """One line of a difference."""

    sign: Sign
    """`+` only in the new text, `-` only in the old one, ` ` in both, `@` where lines in between are left out."""
    text: str


def diff_lines(old: str, new: str, *, context: int = 3) -> list[DiffLine]:
    """The lines in which two texts differ, with `context` lines around them; none where the shown texts are equal."""
    found = unified_diff(shown_lines(old), shown_lines(new), n=context, lineterm="")
    return [_line(line) for line in list(found)[2:]]


def merged_lines(old: Sequence[str], new: Sequence[str]) -> list[DiffLine]:
    """All lines of both texts in order, those in both once."""
    lines: list[DiffLine] = []
    for what, a, b, c, d in SequenceMatcher(None, old, new).get_opcodes():
        if what == "equal":
            lines += [DiffLine(" ", line) for line in old[a:b]]
        else:
            lines += [DiffLine("-", line) for line in old[a:b]] + [DiffLine("+", line) for line in new[c:d]]
    return lines


def _line(line: str) -> DiffLine:
    sign = line[:1]
    if sign == "+":
        return DiffLine("+", line[1:])
    if sign == "-":
        return DiffLine("-", line[1:])
    return DiffLine("@", line) if sign == "@" else DiffLine(" ", line[1:])
