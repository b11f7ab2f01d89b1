"""Turns a statement's lines into items: blocks of literal text (fenced, `<pre>`, indented), lines with their labels."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from cure.errors import ProblemError
from cure.fences import Fence, fence, without_indent
from cure.problem.statement.labels import PLAIN, Label, heading_level, label

_PRE = re.compile(r"[ \t]*<pre\b[^<>]*>(.*)", re.IGNORECASE)
_PRE_END = re.compile(r"(.*?)</pre\s*>", re.IGNORECASE)
_TAG = re.compile(r"</?[A-Za-z][^<>]{0,100}>")
_UNDERLINE = re.compile(r"[ \t]*(-{3,}|={3,}|~{3,})[ \t]*")


@dataclass(frozen=True)
class Block:
    """Literal text between a fence's lines, in a `<pre>`, or indented below a label."""

    lines: tuple[str, ...]
    number: int
    """Number of the line that opens the block, counted from 1."""
    info: str = ""
    """The text after the opening fence, such as a language tag; empty for a block without a fence."""

    @property
    def text(self) -> str:
        """The lines as one text, each ended by a line feed."""
        return "".join(f"{line}\n" for line in self.lines)


@dataclass(frozen=True)
class Line:
    """A line outside of blocks."""

    text: str
    number: int
    """Number of the line, counted from 1."""
    label: Label | None = None
    level: int = 0
    """1 to 6 for a heading, 7 for a bold line, 0 for other text."""


Item = Block | Line


def items_of(lines: Sequence[str], source: str, first: int = 1, *, quoted: bool = False) -> Iterator[Item]:
    """Blocks and lines in order, the first line having the number `first`.

    A label and its underline are one line. A quotation that holds labels or fences is replaced by the items of the
    quoted text, which are found with `quoted` set, so that quotations in it stay text. Raises ProblemError for a fenced
    block that is never closed.
    """
    at = 0
    last_pre_end = next((at for at in reversed(range(len(lines))) if _PRE_END.match(lines[at])), -1)
    while at < len(lines):
        line, number = lines[at], first + at
        if not quoted and line.startswith(">") and (inside := _quoted(lines, at)):
            yield from items_of(inside, source, number, quoted=True)
            at += len(inside) - 1
        elif opening := fence(line):
            end = _closing(lines, at, opening)
            if end is None:
                raise ProblemError(f"{source}:{number}: this fenced block is never closed")
            yield Block(tuple(without_indent(list(lines[at + 1 : end]), opening.indent)), number, opening.info)
            at = end
        elif at <= last_pre_end and (pre := _PRE.fullmatch(line)):
            block, at = _preformatted(lines, at, pre[1], number)
            yield block
        else:
            found, level = label(line), heading_level(line)
            if found and found.level == PLAIN and not found.rest and _underlines(lines, at):
                level, at = 1 if lines[at + 1].strip()[0] == "=" else 2, at + 1
                found = replace(found, level=level)
            yield Line(line, number, found, level)
            if found and found.role in ("input", "output") and not found.rest:
                indented = _indented(lines, at, first)
                if indented:
                    yield indented
                    at = indented.number - first + len(indented.lines) - 1
        at += 1


def _quoted(lines: Sequence[str], at: int) -> list[str]:
    """The lines of a quotation without their marks; empty where it holds neither labels nor fences."""
    end = next((end for end in range(at, len(lines)) if not lines[end].startswith(">")), len(lines))
    inside = [line[1:].removeprefix(" ") for line in lines[at:end]]
    return inside if any(label(line) or fence(line) for line in inside) else []


def _closing(lines: Sequence[str], at: int, opening: Fence) -> int | None:
    for end in range(at + 1, len(lines)):
        closing = fence(lines[end])
        if closing and opening.closed_by(closing):
            return end
    return None


def _indented(lines: Sequence[str], label_at: int, first: int) -> Block | None:
    """The block below a label that is indented like code, deeper than the label; None without one."""
    start = next((at for at in range(label_at + 1, len(lines)) if lines[at].strip()), None)
    if start is None:
        return None
    indent = next((mark for mark in ("\t", "    ") if lines[start].startswith(mark)), "")
    if not indent or lines[label_at].startswith(indent):
        return None
    end = start
    while end < len(lines) and (lines[end].startswith(indent) or not lines[end].strip()):
        end += 1
    if end < len(lines) and lines[end - 1].strip() and not label(lines[end]):
        return None  # text that begins with blanks, such as a picture
    while not lines[end - 1].strip():
        end -= 1
    return Block(tuple(line.removeprefix(indent).rstrip() for line in lines[start:end]), first + start)


def _preformatted(lines: Sequence[str], at: int, first: str, number: int) -> tuple[Block, int]:
    """The block that a `<pre>` opens, and the index of the block's last line; a `</pre>` must follow."""
    body, line = [], first
    while not (end := _PRE_END.match(line)):
        body.append(line)
        at += 1
        line = lines[at]
    body.append(end[1])
    plain = [html.unescape(_TAG.sub("", part)) for part in body]
    kept = [part for index, part in enumerate(plain) if part.strip() or 0 < index < len(plain) - 1]
    return Block(tuple(kept), number), at


def _underlines(lines: Sequence[str], at: int) -> bool:
    following = lines[at + 1] if at + 1 < len(lines) else ""
    return bool(_UNDERLINE.fullmatch(following)) and len(following.strip()) + 1 >= len(lines[at].strip())
