"""Text files as lines that keep their line ends, and back to bytes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_COOKIE = re.compile(r"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
_BOM = "\ufeff"


@dataclass(frozen=True)
class TextFile:
    """A text file. Line ends are those of the file, also where it mixes them."""

    lines: tuple[str, ...]
    bom: bool = False
    newline: str = "\n"
    """The line end of new lines: the most frequent one of the file."""

    def with_lines(self, first: int, last: int, new: Sequence[str]) -> TextFile:
        """The file with lines `first` to `last` (from 1, `last` < `first` inserts before `first`) replaced by `new`,
        lines without line ends. A line that stays equal but for blanks at its end keeps these, and its line end. The
        last line of the file has a line end if it had one.
        """
        before, old, after = self.lines[: first - 1], self.lines[first - 1 : last], self.lines[last:]
        fitted = [line + self.newline for line in new]
        if before and not before[-1].endswith(("\r", "\n")) and fitted:
            before = (*before[:-1], before[-1] + self.newline)
            fitted[-1] = fitted[-1].rstrip("\r\n")
        elif fitted and not after and old and not old[-1].endswith(("\r", "\n")):
            fitted[-1] = fitted[-1].rstrip("\r\n")
        return replace(self, lines=(*before, *_keeping(old, fitted), *after))

    @property
    def plain(self) -> list[str]:
        """The lines without line ends."""
        return [line.rstrip("\r\n") for line in self.lines]

    def encode(self) -> bytes:
        """The bytes of the file."""
        return ((_BOM if self.bom else "") + "".join(self.lines)).encode()

    @property
    def text(self) -> str:
        """The text with plain newlines and without byte order mark, for parsers."""
        return "".join(line + "\n" for line in self.plain)


def text_file(data: bytes) -> TextFile | None:
    """The file with these contents; None where it is binary, not UTF-8, or declares another encoding."""
    if b"\0" in data:
        return None
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return None
    bom = text.startswith(_BOM)
    lines = tuple(split_lines(text.removeprefix(_BOM)))
    declared = next((found[1] for line in lines[:2] if (found := _COOKIE.match(line))), "utf-8")
    if declared.lower().replace("_", "-") not in ("utf-8", "utf8", "ascii", "us-ascii") and not declared.startswith(
        "utf-8"
    ):
        return None
    ends = [line[len(line.rstrip("\r\n")) :] for line in lines]
    newline = max(("\n", "\r\n", "\r"), key=ends.count)
    return TextFile(lines, bom, newline)


def split_lines(text: str) -> list[str]:
    """The lines with their ends (`\\n`, `\\r\\n` or `\\r`), as Python numbers them."""
    return _LINE.findall(text)


def _keeping(old: Sequence[str], new: list[str]) -> list[str]:
    """`new`, with lines of `old` in place of those that differ from them in blanks at the end and line ends alone."""
    from difflib import SequenceMatcher

    stripped = [line.rstrip() for line in new]
    matcher = SequenceMatcher(None, [line.rstrip() for line in old], stripped, autojunk=False)
    kept = list(new)
    for block in matcher.get_matching_blocks():
        for offset in range(block.size):
            was = old[block.a + offset]
            # A last line without line end must not run into a line that now follows it.
            if was.endswith(("\r", "\n")) == new[block.b + offset].endswith(("\r", "\n")):
                kept[block.b + offset] = was
    return kept
