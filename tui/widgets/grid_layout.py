"""Where rows and columns of the execution table lie, in cells of the screen."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from rich.cells import cell_len

from agent.show.grid import BARS
from tui.views.plain import fitted, one_line
from tui.views.table import ColumnView, RowView, TableView

GAP = 2
"""Cells between two groups of columns."""
PITCH = 2
"""Cells of a column: its mark and a blank."""
WIDEST_NAME = 18
MOST_DIGITS = 3
_NUMBER = re.compile(r"\d{1,3}$")


@dataclass(frozen=True, kw_only=True)
class GridLayout:
    """The texts that stay where they are while marks scroll, and the places of the columns."""

    titles: Sequence[str]
    """For each row, its name with mark, indentation, behaviour and probability; all of the same width."""
    title_width: int
    headings: str
    """Headings of the groups of columns; as wide as all columns."""
    labels: Sequence[str]
    """Lines with the numbers of the tests, written downwards."""
    bars: str
    """How probably each test is right; empty where nothing is known."""
    starts: Sequence[int]
    """For each column, where its mark lies, counted from the first column."""

    @property
    def head(self) -> int:
        """Number of lines above the rows."""
        return 1 + len(self.labels) + bool(self.bars.strip())

    @property
    def width(self) -> int:
        """Cells of all columns."""
        return self.starts[-1] + 1 if self.starts else 0

    def column_at(self, x: int) -> int | None:
        """The column whose mark or blank lies at `x`, counted from the first column; None where there is none."""
        column = bisect_right(self.starts, x) - 1
        return column if column >= 0 and x < self.starts[column] + PITCH else None


def grid_layout(view: TableView, *, ascii_only: bool = False) -> GridLayout:
    """The layout of the view."""
    starts, headings = _columns(view.columns)
    width = starts[-1] + 1 if starts else 0
    labels = [_label(column.name, number) for number, column in enumerate(view.columns, start=1)]
    depth = max((len(label) for label in labels), default=0)
    names = [_name(row, ascii_only=ascii_only) for row in view.rows]
    name_width = min(WIDEST_NAME, max((cell_len(name) for name in names), default=0))
    titles = [_title(row, name, name_width, ascii_only=ascii_only) for row, name in zip(view.rows, names, strict=True)]
    return GridLayout(
        titles=titles,
        title_width=name_width + 13,
        headings=fitted(headings, max(width, cell_len(headings))),
        labels=[_spread([label.rjust(depth)[line] for label in labels], starts, width) for line in range(depth)],
        bars=_spread([_bar(column, ascii_only=ascii_only) for column in view.columns], starts, width),
        starts=starts,
    )


def letter(behaviour: int | None) -> str:
    """The letter of a behaviour: A to Z, then `+`; a blank for none."""
    return " " if behaviour is None else chr(ord("A") + behaviour) if behaviour < 26 else "+"


def _columns(columns: Sequence[ColumnView]) -> tuple[list[int], str]:
    """The place of each column, and the line with the headings above the first column of each group."""
    starts: list[int] = []
    headings, x = "", 0
    for heading, members in groupby(columns, key=lambda column: column.group):
        count = len(list(members))
        starts += range(x, x + count * PITCH, PITCH)
        headings = headings.ljust(x) + heading
        x = max(x + count * PITCH - 1 + GAP, len(headings) + GAP)
    return starts, headings


def _label(name: str, number: int) -> str:
    """The number at the end of the test's name, else the number of its column."""
    found = _NUMBER.search(name)
    return (found[0] if found else f"{number}")[-MOST_DIGITS:]


def _spread(marks: Sequence[str], starts: Sequence[int], width: int) -> str:
    line = [" "] * width
    for mark, start in zip(marks, starts, strict=True):
        line[start] = mark
    return "".join(line)


def _bar(column: ColumnView, *, ascii_only: bool) -> str:
    if column.probability is None:
        return " "
    if ascii_only:
        return str(min(9, int(column.probability * 10)))
    return BARS[min(7, int(column.probability * 8))]


def _name(row: RowView, *, ascii_only: bool) -> str:
    indent = "  " * max(0, min(row.depth, 5) - 1) + ("`-" if ascii_only else "└ ") if row.depth else ""
    return indent + one_line(row.name)


def _title(row: RowView, name: str, width: int, *, ascii_only: bool) -> str:
    mark = ("* " if ascii_only else "▶ ") if row.chosen else "  "
    probability = "     " if row.probability is None else f" {row.probability:.2f}"
    return f"{mark}{fitted(name, width)}  {letter(row.behaviour)} {probability}  "
