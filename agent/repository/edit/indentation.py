"""Moves code to another indentation, and from spaces to tabs and back."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from agent.repository.edit.definitions import width
from agent.repository.edit.scan import scan


def indent_of(line: str) -> str:
    """The blanks at the beginning of a line."""
    return line[: len(line) - len(line.lstrip(" \t\f"))]


def step_of(lines: Sequence[str]) -> str:
    """One level of indentation in this code: a tab, or the smallest step from a line to a deeper one; four spaces where
    nothing is indented.
    """
    indents = [line.indent for line in scan(lines).logical]
    steps = [
        deeper[len(indent) :]
        for indent, deeper in pairwise(indents)
        if deeper.startswith(indent) and len(deeper) > len(indent)
    ]
    return min(steps, key=width, default="    ")


def moved(lines: Sequence[str], indent: str, step: str = "") -> list[str]:
    """The code, whose first line decides its present indentation, at `indent`, with `step` for each further level.

    Lines inside strings stay as they are, apart from docstrings. Nothing is converted where `step` is empty or equal
    to the present one. `lines` have no line ends.
    """
    scanned = scan(lines)
    own = indent_of(lines[0]) if lines else ""
    present = step_of(lines)
    convert = step not in ("", present)
    anchors = {number: each.indent for each in scanned.logical for number in range(each.first, each.last + 1)}
    found = []
    for number, line in enumerate(lines, 1):
        if number in scanned.in_string:
            found.append(line)
        elif not line.strip():
            found.append("")
        else:
            if not line.startswith(own) and own == indent:
                found.append(line)  # a line inside brackets, to the left of its statement
                continue
            rest = line[len(own) :] if line.startswith(own) else line.lstrip(" \t\f")
            if convert:
                anchor = anchors.get(number, indent_of(line))
                rest = _converted(rest, anchor[len(own) :], present, step)
            found.append(indent + rest)
    return found


def _converted(line: str, anchor: str, present: str, step: str) -> str:
    """The line with `step` for each level of indentation, which was `present`. `anchor` is the indentation of the first
    line of its statement; what a continuation line has more is kept in columns.
    """
    blanks = indent_of(line)
    levels, left = divmod(width(anchor), width(present))
    if left:
        return line
    more = width(blanks) - width(anchor)
    further, odd = divmod(more, width(present))
    extra = step * further if more > 0 and not odd else " " * more
    return step * levels + extra + line[len(blanks) :]
