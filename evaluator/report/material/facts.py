"""The few facts about each problem that a report keeps in memory, in place of its table."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from evaluator.report.material.problem_line import ProblemLine, problem_line
from evaluator.run.tables import EvaluatedTable

_FRACTION = re.compile(r"(?<![\w.])-?\d+\.\d+(?![\w.])")


@dataclass(frozen=True, kw_only=True)
class ProblemFacts:
    """Facts about one problem."""

    line: ProblemLine
    name: str
    limit_s: float
    hidden: bool
    """Whether there are hidden tests."""
    slowest_s: float | None
    """CPU seconds of the slowest execution; None where no program was extracted."""
    largest_kb: int
    overlaps: bool
    """Whether a public example is also a hidden test."""
    fractions: bool
    """Whether the expected output of a hidden test has fractions and is compared as text."""
    silent: bool
    """Whether a program that prints nothing passes a hidden test."""
    unread: dict[str, tuple[int, ...]]
    """Indices of the samples from which nothing was extracted, by role."""


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
        overlaps=bool({test.stdin.strip() for test in public} & {test.stdin.strip() for test in hidden}),
        fractions=table.comparison == "tokens" and any(_FRACTION.search(test.expected[:2000]) for test in hidden),
        silent=any(not test.expected.strip() for test in hidden),
        unread={"coder": _unread(table.program_failures), "tester": tuple(table.test_failures)},
    )


def _unread(failures: Sequence[str]) -> tuple[int, ...]:
    return tuple(index for index, reason in enumerate(failures) if reason)
