"""Confidence intervals of a value, where the problems are taken as a random sample of such problems.

The bootstrap draws problems with replacement; all samples of a problem stay together, and numerator and denominator
are drawn together. Where every problem gave one yes or no, Wilson's interval is used: the bootstrap is too narrow for
few such problems, and empty where all are alike.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Literal

import numpy as np

from cure.metrics.value import Floats, Measure

Z_95 = 1.959963984540054
"""The 97.5 % point of the standard normal distribution."""

_AT_ONCE = 250_000
"""Problems drawn at once: a bound on memory, which does not change the draws."""


@dataclass(frozen=True)
class Bootstrap:
    """How often problems are drawn with replacement, and with which seed."""

    draws: int = 10_000
    seed: int = 0


@dataclass(frozen=True)
class Interval:
    """A 95 % interval; ends are None, with a reason, where there is none."""

    low: float | None
    high: float | None
    method: Literal["bootstrap", "wilson", "none"]
    reason: str = ""


def intervals(measures: Sequence[Measure], bootstrap: Bootstrap) -> list[Interval]:
    """The interval of each measure; the measures are about the same problems and share the draws."""
    sampled = resampled(measures, bootstrap)
    return [_interval(measure, values) for measure, values in zip(measures, sampled, strict=True)]


def resampled(measures: Sequence[Measure], bootstrap: Bootstrap) -> Floats:
    """(measures, draws) values over resampled problems; all measures share the draws; NaN without data."""
    if not measures or not measures[0].numerators.shape[1]:
        return np.full((len(measures), bootstrap.draws), np.nan)
    columns, places = _distinct(measures)
    values = np.empty((len(measures), bootstrap.draws))
    start = 0
    for counts in _counts(columns.shape[1], bootstrap):
        stop = start + len(counts)
        sums = columns @ counts.T
        for row, (measure, (above, below)) in enumerate(zip(measures, places, strict=True)):
            values[row, start:stop] = measure.values(sums[above], sums[below])
        start = stop
    return values


def wilson(successes: float, trials: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share, in 0..1; `trials` must not be 0."""
    centre = (successes + Z_95**2 / 2) / (trials + Z_95**2)
    share = successes / trials
    half = Z_95 / (trials + Z_95**2) * sqrt(trials * share * (1 - share) + Z_95**2 / 4)
    return max(0.0, centre - half), min(1.0, centre + half)


def one_sample(measure: Measure) -> bool:
    """Whether every problem that the measure counts gave one yes or no."""
    if measure.formula is not None:
        return False
    above, below = measure.numerators[0], measure.denominators[0]
    return bool(np.isin(below, (0, 1)).all() and np.isin(above, (0, 1)).all())


def _interval(measure: Measure, values: Floats) -> Interval:
    value = measure.value()
    if value.value is None:
        return Interval(None, None, "none", value.reason)
    if one_sample(measure):
        return Interval(*wilson(value.numerator, int(value.denominator)), "wilson")
    if measure.problems < 2:
        return Interval(None, None, "none", "one problem says nothing about others")
    there = values[~np.isnan(values)]
    if len(there) < len(values) / 2:
        return Interval(None, None, "none", "most draws of problems have no data")
    low, high = np.quantile(there, (0.025, 0.975))
    if there.min() == there.max():
        return Interval(None, None, "none", "all problems have the same value, so the bootstrap gives no interval")
    return Interval(float(low), float(high), "bootstrap")


def _counts(problems: int, bootstrap: Bootstrap) -> Iterator[Floats]:
    """Counts of each problem in each draw, (draws, problems), some draws at a time."""
    random = np.random.default_rng(bootstrap.seed)
    chunk = max(1, _AT_ONCE // problems)
    for start in range(0, bootstrap.draws, chunk):
        draws = min(chunk, bootstrap.draws - start)
        drawn = random.integers(problems, size=(draws, problems))
        drawn += problems * np.arange(draws)[:, None]
        counts = np.bincount(drawn.ravel(), minlength=draws * problems)
        yield counts.reshape(draws, problems).astype(np.float64)


def _distinct(measures: Sequence[Measure]) -> tuple[Floats, list[tuple[list[int], list[int]]]]:
    """(columns, problems) distinct numerators and denominators, and for each measure the indices of the columns that
    are its numerators and of those that are its denominators.
    """
    known: dict[bytes, int] = {}
    columns: list[Floats] = []

    def place(column: Floats) -> int:
        key = column.tobytes()
        if key not in known:
            known[key] = len(columns)
            columns.append(column)
        return known[key]

    places = [
        ([place(column) for column in measure.numerators], [place(column) for column in measure.denominators])
        for measure in measures
    ]
    return np.array(columns), places
