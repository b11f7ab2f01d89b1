"""Prints the main numbers of a report to the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from evaluator.report.content.parts import Content
from evaluator.terminal import show, table

_COVERAGE = ("reference solutions", "problems", "answers", "programs", "tests", "executions")
_REASONS = 3
"""Maximum number of reasons shown for answers not extracted; the most frequent are shown."""


def show_content(content: Content, file: Path) -> None:
    """Print coverage, warnings, the most important measures, best-of-n by each selector, groups, and the path."""
    covered = [f"{name}: {text}" for name, text in content.coverage if name in _COVERAGE]
    unread = [f"{what} not extracted: {_reasons(reasons)}" for what, reasons in content.unread.items() if reasons]
    show(content.title, *covered, *unread, *(f"note: {remark}" for remark in content.remarks))
    rows = [
        (_lower(line.label), line.shown, line.interval, line.counts if line.value is not None else line.reason)
        for line in content.cards
    ]
    show(table("", ("measure", "value", "95 %", "of"), rows))
    largest = [(grid.selector, grid.ms[-1], grid.rows[-1]) for grid in content.grids]
    if largest:
        heads = ("selector", "n", "m", "best of n", "95 %", "any right")
        best = [(name, row.n, m, row.values[-1], row.interval, row.oracle) for name, m, row in largest]
        show(table("best of n", heads, best))
    show(*(table(f"by {by.kind}", (by.kind, "problems", *by.heads), by.rows) for by in content.grouped))
    show(str(file))


def _reasons(counts: Mapping[str, int]) -> str:
    """The most frequent reasons with their counts, and the sum of the other counts."""
    most = [f"{count:,} x {reason}" for reason, count in list(counts.items())[:_REASONS]]
    rest = sum(list(counts.values())[_REASONS:])
    return " ".join([*most, *([f"{rest:,} x other reasons"] if rest else [])])


def _lower(label: str) -> str:
    return label[:1].lower() + label[1:]
