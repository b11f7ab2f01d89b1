"""Measures: a numerator and a denominator per problem, so that problems can be resampled."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

Formula = Callable[[Floats, Floats], tuple[Floats, Floats]]
"""Gives a numerator and a denominator, (...) each, for summed numerators and denominators, (parts, ...) each.

The parts are the ratios that the formula combines.
"""


@dataclass(frozen=True)
class Value:
    """A ratio with its numerator and denominator; None with a reason where there is no data."""

    value: float | None
    numerator: float = 0.0
    denominator: float = 0
    reason: str = ""


@dataclass(frozen=True)
class Measure:
    """A ratio of sums over problems, or a formula of several such ratios, its parts.

    A problem whose denominators are all 0 does not enter.
    """

    numerators: Floats
    """(parts, problems): numerator of each part on each problem."""
    denominators: Floats
    """(parts, problems): denominator of each part on each problem."""
    reason: str
    """Why there is no value, for the case that no problem enters."""
    formula: Formula | None = None
    """None for the ratio of one part."""

    @property
    def entered(self) -> NDArray[np.bool_]:
        """(problems,): whether the problem enters."""
        return np.asarray(self.denominators.any(axis=0))

    @property
    def problems(self) -> int:
        """How many problems enter."""
        return int(self.entered.sum())

    def value(self) -> Value:
        """The value over all problems."""
        numerator, denominator = self.fraction(self.numerators.sum(axis=1), self.denominators.sum(axis=1))
        if not denominator:
            return Value(None, float(numerator), 0, self.reason)
        return Value(float(numerator / denominator), float(numerator), float(denominator))

    def fraction(self, numerators: Floats, denominators: Floats) -> tuple[Floats, Floats]:
        """A numerator and denominator (...) from sums of the parts (parts, ...); the denominator is 0 without data."""
        if self.formula is None:
            return numerators[0], denominators[0]
        return self.formula(numerators, denominators)

    def values(self, numerators: Floats, denominators: Floats) -> Floats:
        """The values (...) of many sums (parts, ...); NaN where there is no data."""
        numerator, denominator = self.fraction(numerators, denominators)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(denominator != 0, numerator / denominator, np.nan)


def pooled(numerators: Sequence[float] | Floats, denominators: Sequence[float] | Floats, reason: str) -> Measure:
    """The ratio of the sums over problems."""
    return Measure(np.array([numerators], dtype=np.float64), np.array([denominators], dtype=np.float64), reason)


def macro(values: Sequence[float | None], reason: str) -> Measure:
    """The mean over the problems that have a value."""
    return pooled([value or 0.0 for value in values], [float(value is not None) for value in values], reason)


def macro_ratio(numerators: Sequence[float], denominators: Sequence[float], reason: str) -> Measure:
    """The mean of the problems' own ratios, over the problems with a denominator."""
    pairs = zip(numerators, denominators, strict=True)
    return macro([above / below if below else None for above, below in pairs], reason)


def combined(parts: Sequence[Measure], formula: Formula, reason: str) -> Measure:
    """The measure that `formula` makes of `parts`, which have no formula themselves."""
    numerators = np.concatenate([part.numerators for part in parts])
    return Measure(numerators, np.concatenate([part.denominators for part in parts]), reason, formula)
