"""Any text as one line of a given width, so that it changes nothing outside its own place on the screen."""

from __future__ import annotations

from rich.cells import cell_len, set_cell_size

from cure.plain import visible

MOST_COLUMNS = 400
"""Maximum number of characters of a line that panes show; longer lines are cut."""
MOST_LINES = 1_000
"""Maximum number of lines of a text that panes show."""


def one_line(text: str) -> str:
    """The text as one line of characters that each take a place: line breaks and tabs are blanks, characters without a
    width are left out."""
    flat = visible(text[: 2 * MOST_COLUMNS]).replace("\n", " ").replace("\t", " ")
    return flat if flat.isascii() else "".join(each for each in flat if cell_len(each) > 0)


def fitted(text: str, width: int) -> str:
    """The text as one line of exactly `width` cells: cut with an ellipsis, or padded."""
    line = one_line(text)
    if cell_len(line) > width:
        line = set_cell_size(line, max(width - 1, 0)) + "…"[:width]
    return set_cell_size(line, width)


def shown_lines(text: str) -> list[str]:
    """The lines of a text, made visible; long lines and the lines after the first MOST_LINES are cut, and say so."""
    lines = text.replace("\r\n", "\n").removesuffix("\n").split("\n", MOST_LINES)
    cut = [_cut(line) for line in lines[:MOST_LINES]]
    return [*cut, f"… {lines[-1].count(chr(10)) + 1} more lines"] if len(lines) > MOST_LINES else cut


def _cut(line: str) -> str:
    shown = visible(line[:MOST_COLUMNS]).replace("\r", "").expandtabs(4)
    return shown if len(line) <= MOST_COLUMNS else f"{shown}… {len(line) - MOST_COLUMNS} more characters"
