"""The parts of a report, filled in by `content` and written out by whoever writes one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from evaluator.report.material.published import PublishedRow

Facts = list[tuple[str, str]]
FORMULAS = ("mu", "share_of_gap")
"""Measures that are no share of anything: numerator and denominator say nothing, and they may be below 0."""


@dataclass(frozen=True)
class Line:
    """One measure."""

    name: str
    """In metrics.json."""
    label: str
    meaning: str
    value: float | None
    low: float | None
    high: float | None
    reason: str
    """Why there is no value, or no interval."""
    counts: str
    """What was divided by what, and over how many problems."""

    @property
    def shown(self) -> str:
        """The value with three digits, or a dash."""
        return "–" if self.value is None else f"{self.value:.3f}"

    @property
    def bar(self) -> tuple[float, float, float] | None:
        """Where the interval begins and how wide it is, and where the value is, in % of a bar from 0 to 1."""
        if self.value is None or self.low is None or self.high is None or self.name in FORMULAS:
            return None
        return 100 * self.low, 100 * (self.high - self.low), min(99.0, 100 * self.value)

    @property
    def interval(self) -> str:
        """The 95 % interval, or nothing."""
        return "" if self.low is None or self.high is None else f"{self.low:.3f} to {self.high:.3f}"


@dataclass(frozen=True)
class PaperTable:
    """The paper's numbers for this set, ours among them, in %."""

    dataset: str
    source: str
    what: str
    rows: tuple[PublishedRow, ...]
    ours: tuple[tuple[str, str, str, str], ...]
    """Label, unit tests, code, best of n: in the sound definitions, and in the release's."""
    same: str
    """The published model that this run is of; empty where it is none."""
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Grid:
    """Best-of-n by one selector."""

    selector: str
    ms: tuple[int, ...]
    rows: tuple[tuple[int, tuple[str, ...], str, str, str], ...]
    """n, the values, interval of the last, any right among n, share of the gap."""
    error: float
    fewer: str


@dataclass(frozen=True)
class Grouped:
    """The main accuracies by something the set says of its problems."""

    kind: str
    """`difficulty`, `month`."""
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    """Name of the group, problems, and a value with its interval for each head."""


@dataclass(frozen=True)
class ProblemLine:
    """A problem in the list."""

    number: int
    name: str
    programs: int
    right: int
    read: int
    tests: int
    requested: int
    true: int | None
    best: float | None
    """Chance that the choice by tests passed is right."""
    verdict: str
    """Of the chosen program, or of several that are as good by their tests."""
    slowest: float
    executions: int
    kinds: tuple[str, ...]
    """What it is filtered by."""


@dataclass(frozen=True)
class Content:
    """All of it."""

    title: str
    begun: str
    run: Facts
    coverage: Facts
    remarks: tuple[str, ...]
    cards: tuple[Line, ...]
    groups: Mapping[str, tuple[Line, ...]]
    grouped: tuple[Grouped, ...]
    """Nothing where the set says nothing of the kind."""
    grids: tuple[Grid, ...]
    no_grids: str
    paper: PaperTable | None
    release: str
    release_note: str
    unread: Mapping[str, Mapping[str, int]]
    cost: tuple[tuple[str, tuple[str, ...]], ...]
    cost_heads: tuple[str, ...]
    cost_note: str
    times: Facts
    problems: tuple[ProblemLine, ...]
