"""The parts of a report's content, independent of any file format."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from evaluator.report.content.paper import PaperTable
from evaluator.report.material.problem_line import ProblemLine

Facts = list[tuple[str, str]]
"""Rows of a table with two columns: name and text."""
FORMULAS = ("mu", "share_of_gap")
"""Measures that are not shares: they have no numerator and denominator to show, and may be below 0."""


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
    reason: str
    """The reason why there is no value, or no interval."""
    counts: str
    """Numerator, denominator and number of problems, in words."""

    @property
    def shown(self) -> str:
        """The value with three digits, or a dash."""
        return "–" if self.value is None else f"{self.value:.3f}"

    @property
    def bar(self) -> tuple[float, float, float] | None:
        """Start and width of the interval, and the value, in % of a bar from 0 to 1; None without an interval."""
        if self.value is None or self.low is None or self.high is None or self.name in FORMULAS:
            return None
        return 100 * self.low, 100 * (self.high - self.low), min(99.0, 100 * self.value)

    @property
    def interval(self) -> str:
        """The 95 % interval in words; empty where there is none."""
        return "" if self.low is None or self.high is None else f"{self.low:.3f} to {self.high:.3f}"


@dataclass(frozen=True)
class Grid:
    """Best-of-n by one selector, for numbers of programs n (rows) and of tests m (columns)."""

    selector: str
    ms: tuple[int, ...]
    rows: tuple[tuple[int, tuple[str, ...], str, str, str], ...]
    """For each n: n, the values, the interval of the last value, any right program among n, share of the gap."""
    error: float
    """Largest Monte-Carlo error of a value."""
    fewer: str
    """A sentence on problems with fewer programs or tests than the last row and column; empty without any."""


def by_selector(points: Iterable[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    """Points of best-of-n by selector: `max-pass`, the paper's, first, the others by name."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for point in sorted(points, key=lambda point: (point["selector"] != "max-pass", point["selector"])):
        found.setdefault(point["selector"], []).append(point)
    return found


@dataclass(frozen=True)
class Grouped:
    """The main accuracies of groups of problems."""

    kind: str
    """`difficulty` or `month`."""
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    """For each group: its name, its number of problems, and a value with its interval for each head."""


@dataclass(frozen=True, kw_only=True)
class Content:
    """The content of a report."""

    title: str
    begun: str
    run: Facts
    coverage: Facts
    remarks: tuple[str, ...]
    cards: tuple[Line, ...]
    groups: Mapping[str, tuple[Line, ...]]
    grouped: tuple[Grouped, ...]
    """Empty where the set names neither difficulty nor date."""
    grids: tuple[Grid, ...]
    no_grids: str
    """The reason why there are no grids; empty where there are some."""
    paper: PaperTable | None
    release: str
    release_note: str
    unread: Mapping[str, Mapping[str, int]]
    """For `programs` and `tests`: counts of answers from which none was extracted, by reason in words."""
    cost: tuple[tuple[str, tuple[str, ...]], ...]
    cost_heads: tuple[str, ...]
    cost_note: str
    times: Facts
    problems: tuple[ProblemLine, ...]
