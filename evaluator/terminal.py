"""Prints tables to the terminal. Texts of models and problem sets are never read as markup."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text


def show(*parts: RenderableType) -> None:
    """Print to standard output; texts are not read as markup, and only the terminal wraps their lines."""
    console = Console()
    for part in parts:
        if isinstance(part, str):
            console.print(plain(part), soft_wrap=True)
        else:
            console.print(part)


def width() -> int:
    """The number of columns of the terminal."""
    return Console().width


def table(
    title: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    caption: str = "",
    only_first_wraps: bool = False,
) -> Table:
    """A table with these columns; a cell is plain text unless it is a `Text` with a style.

    With `only_first_wraps`, lines are broken only in the first column where the terminal is narrow.
    """
    made = Table(
        title=plain(title),
        title_justify="left",
        caption=plain(caption) if caption else None,
        caption_justify="left",
        box=SIMPLE_HEAD,
    )
    for number, column in enumerate(columns):
        made.add_column(column, overflow="fold", no_wrap=only_first_wraps and number > 0)
    for row in rows:
        made.add_row(*(cell if isinstance(cell, Text) else plain(str(cell)) for cell in row))
    return made


def plain(text: str) -> Text:
    """The text, not read as markup; lone surrogates, which cannot be encoded, are escaped."""
    return Text(text.encode("utf-8", "backslashreplace").decode())
