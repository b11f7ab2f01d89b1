"""Measures and grids of best-of-n as lines to be shown, in words and numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from cure.metrics.selectors import ON_WHOLE_GRID
from evaluator.report.content.labels import grouped

FORMULAS = ("mu", "share_of_gap")
"""Measures that are not shares: their numerators and denominators are not shown, and their values may be below 0."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """A measure with its value and interval."""

    name: str
    """Name in metrics.json."""
    label: str
    meaning: str
    value: float | None
    low: float | None
    high: float | None
    """`low` and `high` are the ends of the 95 % interval; None where there is none."""
    reason: str
    """The reason why there is no value, or no interval."""
    counts: str
    """Numerator, denominator and number of problems, in words."""

    @property
    def shown(self) -> str:
        """The value with three decimals, or a dash."""
        return number(self.value)

    @property
    def bar(self) -> tuple[float, float, float] | None:
        """Start and width of the interval, and the value, in % of the length of a bar that spans 0 to 1.

        The value is at most 99, so that its mark stays inside the bar. None without an interval, and for `FORMULAS`.
        """
        if self.value is None or self.low is None or self.high is None or self.name in FORMULAS:
            return None
        return 100 * self.low, 100 * (self.high - self.low), min(99.0, 100 * self.value)

    @property
    def interval(self) -> str:
        """The 95 % interval in words; empty where there is none."""
        return "" if self.low is None or self.high is None else f"{self.low:.3f} to {self.high:.3f}"


@dataclass(frozen=True)
class GridRow:
    """Best-of-n for one number of programs n: a row of a grid."""

    n: int
    values: tuple[str, ...]
    """Best-of-n, for each number of tests."""
    interval: str
    """The interval of the last value."""
    oracle: str
    """Share of problems with any right program among n."""
    share_of_gap: str
    """Share of the gap between a random program and the oracle that the last value closes."""


@dataclass(frozen=True)
class Grid:
    """Best-of-n by one selector, for numbers of programs n (rows) and of tests m (columns)."""

    selector: str
    ms: tuple[int, ...]
    """Numbers of tests m, one for each column."""
    rows: tuple[GridRow, ...]
    note: str
    """The largest Monte-Carlo error, and the numbers of problems with fewer programs or tests than the last n and m."""

    @property
    def heads(self) -> tuple[str, ...]:
        """Heads of the columns."""
        return ("n", *(f"m = {m}" for m in self.ms), "95 % of the last", "any right", "share of the gap")

    @property
    def cells(self) -> list[tuple[str, ...]]:
        """Texts of the rows, one for each head."""
        return [(str(row.n), *row.values, row.interval or "–", row.oracle, row.share_of_gap) for row in self.rows]


def number(value: float | None) -> str:
    """The value with three decimals, or a dash."""
    return "–" if value is None else f"{value:.3f}"


def lines_of(values: Mapping[str, Any], of_problems: int | None = None) -> dict[str, tuple[Line, ...]]:
    """The measures of `standard.values` in metrics.json, by group.

    `of_problems` is the number of problems asked for, where the run lacks something: each measure then says how many
    of these problems it covers.
    """
    return {
        group: tuple(line_of(name, *words, values[name], of_problems) for name, words in members.items())
        for group, members in grouped(values).items()
        if members
    }


def line_of(name: str, label: str, meaning: str, scored: Mapping[str, Any], of_problems: int | None = None) -> Line:
    """The line of one measure of metrics.json; `of_problems` as in `lines_of`."""
    interval = scored.get("interval") or {}
    above, below = scored["numerator"], scored["denominator"]
    counts = f"{_count(above)} of {_count(below)}, " if scored["value"] is not None and name not in FORMULAS else ""
    problems = scored["problems"]
    total = problems if of_problems is None else of_problems
    covered = "" if of_problems is None else f"{problems:,} of "
    return Line(
        name=name,
        label=label,
        meaning=meaning,
        value=scored["value"],
        low=interval.get("low"),
        high=interval.get("high"),
        reason=scored["reason"] or interval.get("reason", ""),
        counts=f"{counts}{covered}{total:,} problem{'s' * (total != 1)}",
    )


def with_interval(scored: Mapping[str, Any] | None) -> str:
    """A measure's value and interval as one text; a dash where there is no value."""
    if scored is None:
        return "–"
    line = line_of("", "", "", scored)
    return f"{line.shown} ({line.interval})" if line.value is not None and line.interval else line.shown


def on_whole_grid(selector: str) -> bool:
    """Whether best-of-n by this selector is printed and drawn for every n and m, not only for the largest."""
    return selector.partition(" ")[0] in ON_WHOLE_GRID


def by_selector(points: Iterable[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    """Points of best-of-n by selector: `max-pass`, the CURE paper's selector, first, the others by name."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for point in sorted(points, key=lambda point: (point["selector"] != "max-pass", point["selector"])):
        found.setdefault(point["selector"], []).append(point)
    return found


def grids_of(points: Iterable[Mapping[str, Any]]) -> tuple[Grid, ...]:
    """A grid for each selector that has data, from `standard.best_of_n` of metrics.json."""
    return tuple(
        _grid(selector, found)
        for selector, found in by_selector(points).items()
        if found[0]["best"]["problems"] and any(point["m"] > 0 for point in found)
    )


def _grid(selector: str, points: list[Mapping[str, Any]]) -> Grid:
    last = points[-1]
    notes = [f"Monte-Carlo error at most {max(point['monte_carlo_error'] for point in points):.4f}."]
    notes += [
        f"{last[f'fewer_{what}']:,} problems have fewer than {last[short]} {what} and use all they have."
        for what, short in (("programs", "n"), ("tests", "m"))
        if last[f"fewer_{what}"]
    ]
    rows = (_grid_row(n, [point for point in points if point["n"] == n]) for n in dict.fromkeys(p["n"] for p in points))
    return Grid(selector, tuple(dict.fromkeys(point["m"] for point in points)), tuple(rows), " ".join(notes))


def _grid_row(n: int, points: list[Mapping[str, Any]]) -> GridRow:
    last = points[-1]
    return GridRow(
        n=n,
        values=tuple(number(point["best"]["value"]) for point in points),
        interval=line_of("", "", "", last["best"]).interval,
        oracle=number(last["oracle"]),
        share_of_gap=number(last["share_of_gap"]["value"]),
    )


def _count(value: float) -> str:
    return f"{value:,.0f}" if value == round(value) else f"{value:,.2f}"
