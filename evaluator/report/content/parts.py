"""The parts of a report's content, independent of any file format."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from evaluator.report.content.measures import Grid, Line
from evaluator.report.content.paper import PaperTable
from evaluator.report.material.facts import ProblemFacts

Facts = list[tuple[str, str]]
"""Rows of a table with two columns: name and text."""


@dataclass(frozen=True)
class Grouped:
    """The main accuracies of groups of problems."""

    kind: str
    """`difficulty` or `month`."""
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    """For each group: its name, its number of problems, and a value with its interval for each measure."""


@dataclass(frozen=True, kw_only=True)
class Content:
    """The content of a report."""

    title: str
    begun: str
    run: Facts
    coverage: Facts
    remarks: tuple[str, ...]
    cards: tuple[Line, ...]
    """The most important measures."""
    groups: Mapping[str, tuple[Line, ...]]
    """All measures, by group."""
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
    """`cost`, `cost_heads` and `cost_note` are the rows, heads and note of the table of costs, see `cost.cost`."""
    times: Facts
    problems: Sequence[ProblemFacts]
