"""A list of models to choose from."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from agent.models.choices import Choice
from cure.plain import visible


def choices_view(choices: Sequence[Choice], *, ascii_only: bool) -> Table:
    """A row per model: whether it is ready, where it comes from, the value of `--model`, details, what is missing."""
    yes, no, arrow = ("yes", "no", "->") if ascii_only else ("✓", "✗", "→")
    view = Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("", "from"):
        view.add_column(heading, no_wrap=True)
    view.add_column("--model", overflow="fold")
    for choice in choices:
        detail = f"{choice.detail} {arrow} {choice.remedy}" if choice.remedy else choice.detail
        lines = [Text(visible(choice.model), style="bold")] if choice.model else []
        view.add_row(
            Text(yes if choice.ready else no, style="green" if choice.ready else "yellow"),
            Text(visible(choice.source)),
            Text("\n").join([*lines, Text(visible(detail), style="dim")] if detail else lines),
        )
    return view
