"""Fenced blocks in Markdown as language models write it, found line by line in time linear in the text."""

from __future__ import annotations

import re
from dataclasses import dataclass

_FENCE_LINE = re.compile(r"([ \t]*)(`{3,}|~{3,})(.*)", re.DOTALL)
_LANGUAGE = re.compile(r"\{?\s*\.?([A-Za-z][A-Za-z0-9+#_.-]{0,30})")


@dataclass(frozen=True)
class Fence:
    """A line that begins, after blanks if any, with three or more backticks or tildes."""

    indent: str
    mark: str
    """The run of backticks or tildes."""
    info: str
    """The rest of the line, stripped."""
    variant: bool
    """Whether the fence differs from three backticks directly followed by the language, if any."""

    @property
    def bare(self) -> bool:
        """Whether nothing follows the mark, as in a line that closes a block."""
        return not self.info

    @property
    def language(self) -> str:
        """The first word of the info string in lower case; empty when there is none."""
        match = _LANGUAGE.match(self.info)
        return match[1].lower() if match else ""

    def closed_by(self, other: Fence) -> bool:
        """Whether `other` closes a block that this fence opens."""
        return other.bare and other.mark[0] == self.mark[0] and len(other.mark) >= len(self.mark)


def fence(line: str) -> Fence | None:
    """The line as a fence; None for any other line."""
    match = _FENCE_LINE.fullmatch(line)
    if match is None:
        return None
    indent, mark, info = match.groups()
    return Fence(indent, mark, info.strip(), variant=mark != "```" or info[:1].isspace())


def open_after(line: str, opening: Fence | None) -> Fence | None:
    """The fence that is open after the line, where `opening` is open before it; None stands for no fence."""
    found = fence(line)
    if opening is None:
        # A line such as ```x``` closes what it opens.
        return None if found is None or found.info.endswith(found.mark) else found
    closes = ends_with_fence(line, opening) if found is None else opening.closed_by(found)
    return None if closes else opening


def ends_with_fence(line: str, opening: Fence) -> bool:
    """Whether a line of content ends with the closing mark of `opening`, as in `print(1)```` `."""
    stripped = line.rstrip()
    return stripped.endswith(opening.mark) and len(stripped) > len(opening.mark)


def without_closing(line: str, opening: Fence) -> str:
    """`line` without the closing mark of `opening`; `ends_with_fence` must hold for `line`."""
    return line.rstrip()[: -len(opening.mark)]


def without_indent(lines: list[str], indent: str) -> list[str]:
    """`lines`, each without the opening fence's `indent`; a line indented otherwise loses all its indentation."""
    if not indent:
        return lines
    return [line[len(indent) :] if line.startswith(indent) else line.lstrip(" \t") for line in lines]
