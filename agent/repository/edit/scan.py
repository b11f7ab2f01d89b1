"""Finds the logical lines of Python code without parsing it, so that code with syntax errors can be read, too."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_TOKEN = re.compile(r"'''|\"\"\"|'|\"|#|[\[\](){}]")
_ENDS = {
    "'''": re.compile(r"(?:[^\\]|\\.)*?'''", re.DOTALL),
    '"""': re.compile(r'(?:[^\\]|\\.)*?"""', re.DOTALL),
    "'": re.compile(r"(?:[^\\']|\\.)*'", re.DOTALL),
    '"': re.compile(r'(?:[^\\"]|\\.)*"', re.DOTALL),
}
_DEFINES = re.compile(r"(?:async[ \t]+def|def|class)[ \t]+\w+[ \t]*[(:\[]")


@dataclass(frozen=True)
class LogicalLine:
    """A statement's line with the lines that continue it inside brackets, strings or after a backslash."""

    first: int
    """Number of the first line, from 1."""
    last: int
    """Number of the last line."""
    indent: str
    text: str
    """The first line without indentation and line end."""


@dataclass(frozen=True)
class Scanned:
    """Logical lines of code, without blank lines and comments."""

    logical: tuple[LogicalLine, ...]
    in_string: frozenset[int]
    """Numbers of the lines that begin inside a string which is not a docstring or another statement by itself."""
    comments: frozenset[int]
    """Numbers of the lines that hold nothing but a comment."""


def scan(lines: Sequence[str]) -> Scanned:
    """The logical lines of `lines`, which may have line ends. A `def` or `class` at the beginning of a line ends open
    brackets: such code has a syntax error further up.
    """
    logical: list[LogicalLine] = []
    in_string: set[int] = set()
    comments: set[int] = set()
    open_string, depth, continued, start = "", 0, False, 0
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if not open_string and depth and _DEFINES.match(text):
            logical.append(_logical(lines, start, number - 1))
            depth, continued = 0, False
        begins = not (open_string or depth or continued)
        if begins:
            if not text or text.startswith("#"):
                if text:
                    comments.add(number)
                continue
            start = number
        elif open_string and not lines[start - 1].lstrip().lstrip("rRuUbBfF").startswith(("'", '"')):
            in_string.add(number)
        open_string, depth = _after(line.rstrip("\r\n"), open_string, depth)
        continued = not open_string and line.rstrip("\r\n").endswith("\\")
        if not (open_string or depth or continued):
            logical.append(_logical(lines, start, number))
    if open_string or depth or continued:
        logical.append(_logical(lines, start, len(lines)))
    return Scanned(tuple(logical), frozenset(in_string), frozenset(comments))


def _logical(lines: Sequence[str], first: int, last: int) -> LogicalLine:
    text = lines[first - 1].rstrip("\r\n")
    stripped = text.lstrip(" \t\f")
    return LogicalLine(first, last, text[: len(text) - len(stripped)], stripped.rstrip())


def _after(line: str, open_string: str, depth: int) -> tuple[str, int]:
    """The string that is open after the line and the number of open brackets, given both before it."""
    position = 0
    while True:
        if open_string:
            end = _ENDS[open_string].match(line, position)
            if end is None:
                # A string in single quotes goes on only after a backslash.
                return (open_string if len(open_string) == 3 or line.endswith("\\") else ""), depth
            position, open_string = end.end(), ""
        token = _TOKEN.search(line, position)
        if token is None or token[0] == "#":
            return "", depth
        position = token.end()
        if token[0] in _ENDS:
            open_string = token[0]
        else:
            depth = max(0, depth + (1 if token[0] in "([{" else -1))
