"""Several runs side by side: before and after, as the mean and the range over the runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import fmean
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cure.plain import visible
from trainer.inspect.figures import Change, Figures
from trainer.inspect.summary import difference, value


@dataclass(frozen=True)
class Spread:
    """A measure of several runs."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class Compared:
    """A measure before and after; runs that do not have it are left out, and counted."""

    name: str
    held_out: bool
    runs: int
    before: Spread
    after: Spread
    change: Spread


def compare(many: Sequence[Figures]) -> list[Compared]:
    """Measures that at least one run has at both ends: held out first, then of the steps' own samples."""
    found = []
    for held_out in (True, False):
        by_name: dict[str, list[tuple[float, float]]] = {}
        for one in many:
            for change in one.held_out if held_out else one.own:
                if change.first is not None and change.last is not None:
                    by_name.setdefault(change.name, []).append((change.first, change.last))
        found += [
            Compared(
                name,
                held_out,
                len(pairs),
                _spread([first for first, _ in pairs]),
                _spread([last for _, last in pairs]),
                _spread([last - first for first, last in pairs]),
            )
            for name, pairs in by_name.items()
        ]
    return found


def _spread(values: Sequence[float]) -> Spread:
    return Spread(fmean(values), min(values), max(values))


def to_record(many: Sequence[Figures], differing: Sequence[str]) -> dict[str, Any]:
    """The comparison as JSON."""
    return {
        "runs": [one.to_record() for one in many],
        "differ_in": list(differing),
        "compared": [asdict(one) for one in compare(many)],
    }


def show_comparison(console: Console, many: Sequence[Figures], differing: Sequence[str]) -> None:
    """Print it."""
    for one in many:
        ends = f"evaluated at {one.held_out_steps[0]} and {one.held_out_steps[-1]}" if one.held_out_steps else ""
        state = f": {one.steps} of {one.of_steps} steps{', ' * bool(ends)}{ends}"
        console.print(Text.assemble((visible(one.run), "bold"), state))
    if differing:
        more = f" and {len(differing) - 5} more" if len(differing) > 5 else ""
        console.print(Text(f"The runs differ in {', '.join(differing[:5])}{more}.", style="yellow"))
    for held_out, heading in ((True, "held out"), (False, "own samples")):
        rows = [row for row in compare(many) if row.held_out == held_out]
        if rows:
            console.print()
            console.print(_table(heading, rows, len(many)))


def _table(heading: str, rows: Sequence[Compared], runs: int) -> Table:
    view = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    view.add_column(heading, min_width=26, no_wrap=True)
    for column in ("before", "after", "change"):
        view.add_column(column, justify="right", no_wrap=True)
        view.add_column("range", justify="left", no_wrap=True, style="dim")
    view.add_column("runs", justify="right")
    for row in rows:
        change = difference(Change(row.name, row.before.mean, row.after.mean))
        cells: list[str | Text] = [row.name]
        for spread, shown in ((row.before, value(row.before.mean)), (row.after, value(row.after.mean))):
            cells += [shown, _range(spread)]
        cells += [change, _range(row.change, sign=True), str(row.runs) if row.runs != runs else str(runs)]
        view.add_row(*cells)
    return view


def _range(spread: Spread, sign: bool = False) -> str:
    low, high = (("+" if sign and number >= 0 else "") + value(number) for number in (spread.low, spread.high))
    return f"{low} to {high}"
