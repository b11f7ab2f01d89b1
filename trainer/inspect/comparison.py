"""Several runs side by side: measures before and after training, as mean and range over the runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import fmean
from typing import Any

from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from cure.plain import visible
from trainer.inspect.figures import LABELS, Change, Figures
from trainer.inspect.summary import difference, first_column, number_column, plain_table, text_column, value


@dataclass(frozen=True)
class Spread:
    """Mean and range of a measure over several runs."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class Compared:
    """A measure before and after training."""

    name: str
    held_out: bool
    """Whether the measure is from evaluations; else it is from the steps' own samples."""
    runs: int
    """Number of runs that have the measure."""
    before: Spread
    after: Spread
    change: Spread


def compare(runs: Sequence[Figures]) -> list[Compared]:
    """Measures that at least one run has before and after: those of evaluations, then those of the steps' samples."""
    found = []
    for held_out in (True, False):
        by_name: dict[str, list[tuple[float, float]]] = {}
        for run in runs:
            for change in run.held_out if held_out else run.own:
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


def to_record(runs: Sequence[Figures], differing: Sequence[str]) -> dict[str, Any]:
    """The comparison as a JSON object."""
    return {
        "runs": [run.to_record() for run in runs],
        "differ_in": list(differing),
        "compared": [asdict(measure) for measure in compare(runs)],
    }


def show_comparison(console: Console, runs: Sequence[Figures], differing: Sequence[str]) -> None:
    """Print the comparison; `differing` names the settings in which the runs differ."""
    for run in runs:
        ends = f"evaluated at {run.held_out_steps[0]} and {run.held_out_steps[-1]}" if run.held_out_steps else ""
        state = f": {run.steps} of {run.of_steps} steps{', ' * bool(ends)}{ends}"
        console.print(Text.assemble((visible(run.run), "bold"), state))
    if differing:
        rest = f" and {len(differing) - 5} more" if len(differing) > 5 else ""
        console.print(Text(f"The runs differ in {', '.join(differing[:5])}{rest}.", style="yellow"))
    for held_out, heading in ((True, "held out"), (False, "own samples")):
        rows = [row for row in compare(runs) if row.held_out == held_out]
        if rows:
            console.print()
            console.print(_table(heading, rows))


def _table(heading: str, rows: Sequence[Compared]) -> Table:
    spans = [
        column
        for name in ("before", "after", "change")
        for column in (number_column(name), text_column("range", style="dim"))
    ]
    view = plain_table(first_column(heading), *spans, Column("runs", justify="right"))
    for row in rows:
        change = difference(Change(row.name, row.before.mean, row.after.mean))
        cells: list[str | Text] = [LABELS.get(row.name, row.name)]
        for spread, shown in ((row.before, value(row.before.mean)), (row.after, value(row.after.mean))):
            cells += [shown, _range(spread)]
        cells += [change, _range(row.change, sign=True), str(row.runs)]
        view.add_row(*cells)
    return view


def _range(spread: Spread, sign: bool = False) -> str:
    low, high = (("+" if sign and number >= 0 else "") + value(number) for number in (spread.low, spread.high))
    return f"{low} to {high}"
