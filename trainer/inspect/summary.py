"""Shows one run on a terminal: its progress, its measures, and where its time was spent."""

from __future__ import annotations

from functools import partial

from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from cure.plain import visible
from trainer.inspect.figures import LABELS, LOWER_IS_BETTER, NEUTRAL, Change, Figures

BAR = 24
"""Width in characters of a bar that stands for the whole time."""


def show_summary(console: Console, figures: Figures) -> None:
    """Print the figures of a run."""
    saved = "no checkpoint yet" if figures.last_checkpoint is None else f"last checkpoint {figures.last_checkpoint}"
    console.print(
        Text.assemble((visible(figures.run), "bold"), f": {figures.steps} of {figures.of_steps} steps, {saved}")
    )
    view = plain_table(text_column(), Column(), headings=False)
    for name, text in figures.settings.items():
        view.add_row(Text(name, style="dim"), Text(visible(text)))
    console.print(view)
    console.print()
    if figures.held_out:
        console.print(_changes(figures))
    else:
        console.print(Text("no evaluation yet", style="dim"))
    if figures.own:
        console.print()
        console.print(_own(figures))
    if figures.phases:
        console.print()
        console.print(_phases(console, figures))
    console.print()
    for groups in figures.groups:
        if groups.count:
            rest = ", ".join(f"{reason} {count}" for reason, count in groups.others.items())
            console.print(
                Text.assemble(
                    (f"{groups.role:<7}", "dim"),
                    f"{groups.count} groups, {groups.trained:.0%} trained on",
                    (f"; left out: {rest}" if rest else "", ""),
                )
            )
    for reason, count in figures.left_out.items():
        console.print(Text(f"{count} {visible(reason)}", style="yellow"))


def plain_table(*columns: Column, headings: bool = True) -> Table:
    """An empty table without lines."""
    return Table(*columns, box=None, padding=(0, 2, 0, 0), pad_edge=False, show_header=headings, header_style="dim")


text_column = partial(Column, no_wrap=True)
number_column = partial(Column, justify="right", no_wrap=True)
first_column = partial(Column, min_width=26, no_wrap=True)
"""The first column of tables below each other, equally wide in all."""


def _changes(figures: Figures) -> Table:
    first, last = figures.held_out_steps[0], figures.held_out_steps[-1]
    columns = (f"step {first}", f"step {last}", "change", "best", "at step")
    view = plain_table(first_column("held out"), *map(number_column, columns))
    for change in figures.held_out:
        view.add_row(
            LABELS.get(change.name, change.name),
            value(change.first),
            Text(value(change.last), style="bold"),
            difference(change),
            value(change.best),
            "" if change.best_step is None else str(change.best_step),
        )
    return view


def _own(figures: Figures) -> Table:
    window = figures.own_window
    count = f"{window} steps" if window > 1 else "step"
    view = plain_table(first_column("own samples"), *map(number_column, (f"first {count}", f"last {count}", "change")))
    for change in figures.own:
        view.add_row(change.name, value(change.first), Text(value(change.last), style="bold"), difference(change))
    return view


def _phases(console: Console, figures: Figures) -> Table:
    full, empty = ("█", "·") if console.encoding.lower().startswith("utf") else ("#", ".")
    per_step = figures.seconds / max(1, figures.steps)
    heading = first_column(f"time: {duration(figures.seconds)}, {per_step:.1f} s a step")
    view = plain_table(heading, Column(), Column("share", justify="right"), Column("s a step", justify="right"))
    for phase in figures.phases:
        filled = round(phase.share * BAR)
        bar = Text.assemble((full * filled, "cyan"), (empty * (BAR - filled), "dim"))
        each = phase.seconds / max(1, figures.steps)
        view.add_row(phase.name, bar, f"{phase.share:.0%}", f"{each:.2f}")
    return view


def value(number: float | None) -> str:
    """The number with three decimals, or with one decimal if its magnitude is 10 or more; a dash for None."""
    if number is None:
        return "-"
    return f"{number:.3f}" if abs(number) < 10 else f"{number:.1f}"


def difference(change: Change) -> Text:
    """The change of a measure, green where it is for the better and red where it is for the worse."""
    if change.first is None or change.last is None:
        return Text("")
    moved = change.last - change.first
    neutral = change.name in NEUTRAL or abs(moved) < 0.0005
    good = (moved < 0) == (change.name in LOWER_IS_BETTER)
    return Text(f"{'+' if moved >= 0 else ''}{value(moved)}", style="" if neutral else "green" if good else "red")


def duration(seconds: float) -> str:
    """The duration in words, such as `48 s`, `12 min`, `3 h 20 min`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02d} min"
