"""The standard metrics: coverage, coder, tester, best-of-n, each with its numerator, denominator and interval.

`cure.metrics.release` has the metrics of CURE's released code. Metrics called `p_01` and `p_00` are in both modules and
may differ in value; the modules share no other name. A value without data is None with a reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import sqrt

import numpy as np

from cure.metrics.best_of_n import Estimates, Sampling, means, oracle, random_choice, share_of_gap
from cure.metrics.code_accuracy import code_accuracy, pass_at
from cure.metrics.coverage import Coverage, coverage, extraction_failures
from cure.metrics.discrimination import against_pools, discrimination, duplicates, kills
from cure.metrics.intervals import Bootstrap, Interval, intervals
from cure.metrics.judged import Judged, judge_all
from cure.metrics.selectors import ON_WHOLE_GRID, by_selectors
from cure.metrics.unit_tests import novelty, precision, test_accuracy
from cure.metrics.value import Measure
from cure.metrics.verdicts import ProblemVerdicts
from cure.select import SELECTORS

SIZES = (1, 2, 4, 8, 16)
"""Usual numbers of programs (n of best-of-n, k of pass@k) and, besides 0, of tests (m of best-of-n).

Sizes above the largest number of programs or tests of a problem are left out.
"""


@dataclass(frozen=True)
class ScoreOptions:
    """Which metrics are computed, and how subsets and problems are drawn."""

    max_test: int | None = None
    """How many hidden tests are used: the first ones; None for all."""
    pairs: tuple[tuple[int, int], ...] = ()
    """Further (n, m) of best-of-n; each n and each m is added to the grid."""
    sampling: Sampling = field(default_factory=Sampling)
    bootstrap: Bootstrap = field(default_factory=Bootstrap)


@dataclass(frozen=True, kw_only=True)
class GridPoint:
    """Measures of best-of-n by one selector for one n and m."""

    selector: str
    n: int
    m: int
    best: Measure
    oracle: Measure
    gap: Measure
    """(best - random choice) / (oracle - random choice)."""
    monte_carlo_error: float
    """Standard error of the mean over subsets; 0 where all subsets were taken."""
    fewer_programs: int
    """Number of problems that have judged programs, but fewer than n; all of these programs are used."""
    fewer_tests: int
    """Number of problems with judged programs that have fewer than m tests; all of these tests are used."""


@dataclass(frozen=True)
class Measures:
    """All measures of a set of problems, with numerators and denominators per problem."""

    coverage: Coverage
    named: Mapping[str, Measure]
    grid: tuple[GridPoint, ...]


@dataclass(frozen=True, kw_only=True)
class Scored:
    """A value, how many problems entered it, and its interval."""

    value: float | None
    numerator: float
    denominator: float
    problems: int
    reason: str
    interval: Interval


@dataclass(frozen=True, kw_only=True)
class BestOfN:
    """Values of best-of-n by one selector for one n and m."""

    selector: str
    n: int
    m: int
    best: Scored
    oracle: float | None
    share_of_gap: Scored
    monte_carlo_error: float
    fewer_programs: int
    fewer_tests: int


@dataclass(frozen=True)
class Score:
    """All values of a set of problems."""

    coverage: Coverage
    values: Mapping[str, Scored]
    best_of_n: tuple[BestOfN, ...]


def score(problems: Sequence[ProblemVerdicts], options: ScoreOptions | None = None) -> Score:
    """The values of these problems, with intervals."""
    options = options or ScoreOptions()
    measured = measures(problems, options)
    every = [*measured.named.values(), *(measure for point in measured.grid for measure in (point.best, point.gap))]
    entries = [scored(*pair) for pair in zip(every, intervals(every, options.bootstrap), strict=True)]
    values = dict(zip(measured.named, entries, strict=False))
    rest = iter(entries[len(values) :])
    return Score(measured.coverage, values, tuple(_point(point, next(rest), next(rest)) for point in measured.grid))


def measures(problems: Sequence[ProblemVerdicts], options: ScoreOptions | None = None) -> Measures:
    """The measures of these problems, which can be resampled and compared."""
    options = options or ScoreOptions()
    judged = judge_all(problems, options.max_test)
    programs = max((problem.programs for problem in judged), default=0)
    tests = max((problem.problem.tests for problem in judged if problem.programs), default=0)
    ns = _sizes((n for n, _ in options.pairs), programs, 1)
    ms = _sizes((m for _, m in options.pairs), tests, 0)
    named = (
        extraction_failures(judged)
        | code_accuracy(judged)
        | {f"pass_at_{k}": pass_at(judged, k) for k in _sizes((), programs, 1)}
        | test_accuracy(judged)
        | novelty(judged)
        | precision(judged)
        | discrimination(judged)
        | kills(judged)
        | against_pools(judged)
        | duplicates(judged)
    )
    points: list[GridPoint] = []
    for names, rows, columns in ((ON_WHOLE_GRID, ns, ms), (SELECTORS.keys() - ON_WHOLE_GRID, ns[-1:], ms[-1:])):
        grids = by_selectors(judged, rows, columns, options.sampling, names)
        points += [point for name, grid in grids.items() for point in _points(judged, name, grid, rows, columns)]
    return Measures(coverage(judged), named, tuple(points))


def _sizes(asked: Iterable[int], available: int, smallest: int) -> list[int]:
    """The sizes asked for, the usual sizes that are available, and the number available."""
    usual = (size for size in (smallest, *SIZES) if size <= available)
    return sorted({*asked, *usual, max(available, smallest)})


def _points(
    problems: Sequence[Judged], selector: str, grid: Estimates, ns: Sequence[int], ms: Sequence[int]
) -> list[GridPoint]:
    judged = [problem for problem in problems if problem.programs]
    at_random = random_choice(problems)
    oracles = [oracle(problems, n) for n in ns]
    points = []
    for row, n in enumerate(ns):
        for column, m in enumerate(ms):
            best = means(problems, grid.values[:, row, column])
            points.append(
                GridPoint(
                    selector=selector,
                    n=n,
                    m=m,
                    best=best,
                    oracle=oracles[row],
                    gap=share_of_gap(best, at_random, oracles[row]),
                    monte_carlo_error=_error(grid, row, column, len(judged)),
                    fewer_programs=sum(problem.programs < n for problem in judged),
                    fewer_tests=sum(problem.problem.tests < m for problem in judged),
                )
            )
    return points


def _error(grid: Estimates, row: int, column: int, problems: int) -> float:
    return sqrt(float(np.sum(grid.variances[:, row, column]))) / problems if problems else 0.0


def scored(measure: Measure, interval: Interval) -> Scored:
    """The value of the measure, together with `interval`."""
    return Scored(**vars(measure.value()), problems=measure.problems, interval=interval)


def _point(point: GridPoint, best: Scored, gap: Scored) -> BestOfN:
    return BestOfN(
        selector=point.selector,
        n=point.n,
        m=point.m,
        best=best,
        oracle=point.oracle.value().value,
        share_of_gap=gap,
        monte_carlo_error=point.monte_carlo_error,
        fewer_programs=point.fewer_programs,
        fewer_tests=point.fewer_tests,
    )
