"""ASCII in place of every other character, for terminals whose encoding is not UTF-8."""

from __future__ import annotations

from functools import lru_cache

from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

_ALIKE = {
    "●": "#", "◐": "+", "○": "o", "·": ".", "▶": ">", "►": ">", "◀": "<", "▲": "^", "▼": "v", "✓": "y", "✗": "x",
    "→": ">", "←": "<", "↑": "^", "↓": "v", "…": ".", "–": "-", "—": "-", "’": "'", "“": '"', "”": '"', "×": "x",
    "▏": "|", "▕": "|", "▎": "|", "▊": "|", "⏎": "<", "≤": "<", "≥": ">", "•": "*", "▔": "-", "▁": "_",
}  # fmt: skip


class PlainFilter(LineFilter):
    """Replaces characters cell by cell, so that nothing moves."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:  # noqa: ARG002 (Textual's signature)
        """The segments in ASCII."""
        return [
            Segment(text if text.isascii() else "".join(map(ascii_of, text)), style, control)
            for text, style, control in segments
        ]


@lru_cache(maxsize=4096)
def ascii_of(character: str) -> str:
    """ASCII characters for the character, as many as it has cells."""
    if character.isascii():
        return character
    if found := _ALIKE.get(character):
        return found
    code = ord(character)
    if 0x2500 <= code < 0x2580:  # lines of boxes
        return "-" if character in "─━┄┅┈┉╌╍═╴╶╸╺╼╾" else "|" if character in "│┃┆┇┊┋╎╏║╵╷╹╻╽╿" else "+"
    if 0x2580 <= code < 0x25A0:  # blocks
        return "#"
    return "?" * cell_len(character)
