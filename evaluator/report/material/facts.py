"""What a report says of each problem outside its details: small, so that the tables need not stay in memory."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from evaluator.report.content.parts import ProblemLine
from evaluator.report.material.problem_line import problem_line
from evaluator.run.tables import EvaluatedTable

_FRACTION = re.compile(r"(?<![\w.])-?\d+\.\d+(?![\w.])")


@dataclass(frozen=True)
class ProblemFacts:
    """One problem."""

    line: ProblemLine
    name: str
    limit_s: float
    hidden: bool
    """There are hidden tests."""
    slowest_s: float | None
    """CPU time of the slowest execution of a program; None where none was read."""
    largest_kb: int
    overlaps: bool
    """A public example is also a hidden test."""
    fractions: bool
    """The expected output of a hidden test has fractions, and is compared as text."""
    silent: bool
    """A program that prints nothing passes a hidden test."""
    unread: dict[str, tuple[int, ...]]
    """By role, the samples that nothing could be read from."""


def facts_of(table: EvaluatedTable) -> ProblemFacts:
    """The facts of one table."""
    public, hidden = ([column for column in table.columns if column.suite == suite] for suite in ("public", "hidden"))
    read = [seconds for seconds, cells in zip(table.cpu_s, table.cells, strict=True) if cells]
    return ProblemFacts(
        line=problem_line(table),
        name=table.name,
        limit_s=table.limit_s,
        hidden=bool(hidden),
        slowest_s=max(read, default=None),
        largest_kb=max(table.peak_kb, default=0),
        overlaps=bool({one.stdin.strip() for one in public} & {one.stdin.strip() for one in hidden}),
        fractions=table.comparison == "tokens" and any(_FRACTION.search(one.expected[:2000]) for one in hidden),
        silent=any(not one.expected.strip() for one in hidden),
        unread={"coder": _unread(table.program_failures), "tester": tuple(table.test_failures)},
    )


def _unread(failures: Sequence[str]) -> tuple[int, ...]:
    return tuple(index for index, reason in enumerate(failures) if reason)
