"""Functions and classes in Python code with their lines, found also where the code has syntax errors."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from agent.repository.edit.scan import LogicalLine, Scanned, scan

_HEAD = re.compile(r"(?P<kind>async[ \t]+def|def|class)[ \t]+(?P<name>\w+)")
_ACCESSOR = re.compile(r"@[\w.]*\.(setter|getter|deleter)\b")
_OVERLOAD = re.compile(r"@(?:[\w.]+\.)?overload\b")
_REGISTER = re.compile(r"@(?P<call>[\w.]+\.register\b.*)")


@dataclass(frozen=True, kw_only=True)
class Defined:
    """A function, method or class. Lines are numbered from 1."""

    name: str
    """Qualified name: the names of all enclosing definitions, joined with dots."""
    kind: Literal["function", "class"]
    first: int
    """The first decorator, or the line of `def` or `class`."""
    head: int
    """The line of `def` or `class`."""
    head_last: int
    """The last line of the head, which ends with the colon (or holds the body, too)."""
    last: int
    """The last line, comments at the end of the body included."""
    indent: str
    decorators: tuple[str, ...]
    """First lines of the decorators, without indentation."""

    @property
    def short(self) -> str:
        """The name without those of enclosing definitions."""
        return self.name.rpartition(".")[2]

    @property
    def owner(self) -> str:
        """Qualified name of the enclosing definition; empty at the top."""
        return self.name.rpartition(".")[0]

    @property
    def role(self) -> str:
        """What tells apart definitions of one name: `setter`, `getter`, `deleter`, `overload`, a registration of a
        generic function; else empty.
        """
        for decorator in self.decorators:
            if found := _ACCESSOR.match(decorator):
                return found[1] if found[1] != "getter" else ""
            if _OVERLOAD.match(decorator):
                return "overload"
            if found := _REGISTER.match(decorator):
                return found["call"]
        return ""


def width(indent: str) -> int:
    """Columns of indentation, with tabs as Python counts them."""
    return len(indent.replace("\f", "").expandtabs(8))


def definitions(lines: Sequence[str], scanned: Scanned | None = None) -> tuple[Defined, ...]:
    """All functions and classes in the order of their first lines, nested ones after what encloses them."""
    scanned = scanned or scan(lines)
    found: list[Defined] = []
    decorators: list[LogicalLine] = []
    enclosing: list[tuple[int, str]] = []
    for at, line in enumerate(scanned.logical):
        column = width(line.indent)
        if line.text.startswith("@"):
            decorators.append(line)
            continue
        while enclosing and enclosing[-1][0] >= column:
            enclosing.pop()
        if head := _HEAD.match(line.text):
            name = ".".join([*(each for _, each in enclosing), head["name"]])
            end = _end(scanned, at, column)
            found.append(
                Defined(
                    name=name,
                    kind="class" if head["kind"] == "class" else "function",
                    first=decorators[0].first if decorators else line.first,
                    head=line.first,
                    head_last=line.last,
                    last=_with_comments(lines, scanned, end, column),
                    indent=line.indent,
                    decorators=tuple(each.text for each in decorators),
                )
            )
            enclosing.append((column, head["name"]))
        decorators = []
    return tuple(found)


def comments_above(lines: Sequence[str], first: int) -> int:
    """The first line of the comments directly above line `first` that have its indentation; `first` without any."""
    indent = lines[first - 1][: len(lines[first - 1]) - len(lines[first - 1].lstrip())]
    while first > 1 and lines[first - 2].startswith(indent + "#"):
        first -= 1
    return first


def _end(scanned: Scanned, at: int, column: int) -> int:
    """The last line of the body of the definition at logical line `at`."""
    last = scanned.logical[at].last
    for line in scanned.logical[at + 1 :]:
        if width(line.indent) <= column:
            break
        last = line.last
    return last


def _with_comments(lines: Sequence[str], scanned: Scanned, end: int, column: int) -> int:
    """The last line, moved over comments that are indented deeper than `column`."""
    last = end
    for number in range(end + 1, len(lines) + 1):
        text = lines[number - 1]
        if number in scanned.comments and width(text[: len(text) - len(text.lstrip())]) > column:
            last = number
        elif text.strip():
            break
    return last
