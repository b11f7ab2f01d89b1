"""Reads samples from tables: in Markdown, with rules between rows, with tabs, or with columns separated by spaces.

A table begins with a row that has a label for input in one cell and a label for output in another. Each further row is
one line of an example where rules separate groups of rows (each group is then an example), where some cell is empty,
where the header has a number, or where spaces separate the columns; elsewhere it is a whole example.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from cure.problem.statement.data import joined, looks_like_prose, paragraphs, plain_output
from cure.problem.statement.labels import Label, label

_RULE = re.compile(r"[ \t]*[|+]?(?:[ \t]*:?[-=_]{2,}:?[ \t]*[|+]?)+[ \t]*")
_GAP = re.compile(r"\t+| {2,}")
_BREAK = re.compile(r"<br[ \t]*/?>", re.IGNORECASE)
_LONGEST_HEADER = 300  # characters

Row = tuple[str, str]
"""Input and output of an example, or of one line of an example."""


@dataclass(frozen=True)
class Table:
    """Layout of a table: where its inputs and outputs are."""

    divider: str
    """`|`, a tab, or a space where columns are kept apart by spaces."""
    columns: tuple[int, int]
    """Index of the cell with the input and of that with the output."""
    starts: tuple[int, ...]
    """Where the cells begin in the line; needed where spaces keep columns apart."""
    sample: bool
    """Whether the header says that the rows are samples."""
    numbered: bool
    """Whether the header has a number, as in "Sample Input 1"."""


def table_at(line: str) -> Table | None:
    """The table with this line as its header; None for any other line."""
    text = line.rstrip()
    if len(text) > _LONGEST_HEADER:
        return None
    divider = "|" if "|" in text else "\t" if "\t" in text else " "
    cells = _GAP.split(text.strip()) if divider == " " else _cells(text, divider)
    found = [label(cell) for cell in cells]
    given, expected = _column(found, "input"), _column(found, "output")
    if given is None or expected is None:
        return None
    starts = [0, *(gap.end() for gap in _GAP.finditer(text, len(text) - len(text.lstrip())))]
    sample = all(item.sample for item in (found[given], found[expected]) if item)
    return Table(divider, (given, expected), tuple(starts), sample, any(character.isdigit() for character in text))


def rows_of(table: Table, lines: Sequence[str]) -> tuple[list[Row], int]:
    """The examples in the lines below a table's header, and how many of these lines belong to the table.

    The list is empty where the layout does not show which cell a line belongs to.
    """
    if table.divider == "|":
        return _ruled(table, lines)
    if table.divider == "\t":
        return _tabbed(table, lines)
    height = next(
        (at for at, line in enumerate(lines) if at and not line.strip()), len(lines)
    )  # a blank line may come first
    rows = _aligned(table, lines[:height])
    return (rows, height) if rows else _in_turn(lines)


def _column(found: Sequence[Label | None], role: str) -> int | None:
    """Index of the only cell with this role and no data after its colon; None if there is not exactly one."""
    at = [index for index, item in enumerate(found) if item and item.role == role and not item.rest]
    return at[0] if len(at) == 1 else None


def _ruled(table: Table, lines: Sequence[str]) -> tuple[list[Row], int]:
    groups: list[list[Row]] = [[]]
    height = 0
    for line in lines:
        cells = _cells(line, "|")
        if _RULE.fullmatch(line):
            groups.append([])
        elif "|" not in line:
            break
        elif max(table.columns) < len(cells):
            groups[-1].append((_unquoted(cells[table.columns[0]]), _unquoted(cells[table.columns[1]])))
        height += 1
    filled = [group for group in groups if group]
    if len(filled) > 1:
        return [_joined(group) for group in filled], height
    return _examples(table, filled[0] if filled else []), height


def _tabbed(table: Table, lines: Sequence[str]) -> tuple[list[Row], int]:
    written = [line for line in lines if line.strip()]
    if written and all(line.count("\t") >= max(table.columns) for line in written):
        cells = [_cells(line, "\t") for line in written]
        return _examples(table, [(row[table.columns[0]], row[table.columns[1]]) for row in cells]), len(lines)
    text = "\n".join(lines)
    if text.count("\t") != 1:
        return _in_turn(lines)
    given, expected = text.split("\t")
    return [(joined(given.split("\n")), joined(plain_output(expected.split("\n"))[0]))], len(lines)


def _aligned(table: Table, lines: Sequence[str]) -> list[Row]:
    """The only example, read from columns of text; empty where a line crosses columns, or no line has an output."""
    starts = table.starts
    if any(line[start - 1 : start].strip() for line in lines for start in starts[1:]):
        return []
    ends = (*starts[1:], None)
    rows = [
        (line[starts[given] : ends[given]].strip(), line[starts[expected] : ends[expected]].strip())
        for line in lines
        for given, expected in (table.columns,)
        if line.strip()
    ]
    return [_joined(rows)] if any(expected for _, expected in rows) else []


def _in_turn(lines: Sequence[str]) -> tuple[list[Row], int]:
    """The only example, of the first two paragraphs or the only two lines as input and output, and the number of lines.

    The list is empty where there are not two parts, or the second is prose.
    """
    parts = paragraphs(lines)
    if len(parts) == 1 and len(parts[0]) == 2:
        parts = [[parts[0][0]], [parts[0][1]]]
    if len(parts) < 2 or looks_like_prose(parts[1][0]):
        return [], len(lines)
    return [(joined(parts[0]), joined(parts[1]))], len(lines)


def _examples(table: Table, rows: list[Row]) -> list[Row]:
    """The examples in the rows: one for each row, or a single example whose lines are the rows."""
    lines_of_one = table.numbered or any(not all(row) for row in rows)
    if len(rows) > 1 and lines_of_one and not any("\n" in cell for row in rows for cell in row):
        return [_joined(rows)]
    return [(joined(given.split("\n")), joined(expected.split("\n"))) for given, expected in rows]


def _joined(rows: Sequence[Row]) -> Row:
    given, expected = zip(*rows, strict=True)
    return joined("\n".join(filter(None, given)).split("\n")), joined("\n".join(filter(None, expected)).split("\n"))


def _cells(line: str, divider: str) -> list[str]:
    text = line.strip(" ") if divider == "\t" else line.strip()
    if divider == "|":
        text = text.removeprefix("|").removesuffix("|").replace("\\|", "\0")
    return [cell.strip().replace("\0", "|") for cell in text.split(divider)]


def _unquoted(cell: str) -> str:
    """The text of a cell, with the backticks around code removed and each `<br>` replaced by a line break."""
    parts = [part.strip() for part in _BREAK.split(cell)]
    text = "\n".join(parts)
    for mark in ("```", "``", "`"):
        if len(text) >= 2 * len(mark) and text.startswith(mark) and text.endswith(mark):
            inside = text[len(mark) : -len(mark)].strip()
            return "\n".join(part.strip().strip("`") for part in inside.split("\n"))
    return text
