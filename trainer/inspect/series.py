"""Curves computed from lines of metrics. Pure; a missing value is NaN, and a gap in the curve."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trainer.inspect.recorded import Line

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Series:
    """One measure of a run over its steps."""

    steps: Floats
    """(N,) numbers of the steps."""
    values: Floats
    """(N,) values; NaN where the measure is missing."""

    @property
    def known(self) -> bool:
        """Whether there is any value at all."""
        return bool(np.isfinite(self.values).any())


@dataclass(frozen=True)
class Band:
    """Mean and range of a measure over several runs, at the N steps that all runs have."""

    steps: Floats
    """(N,)"""
    mean: Floats
    """(N,)"""
    low: Floats
    """(N,)"""
    high: Floats
    """(N,)"""


def series(lines: Sequence[Line], name: str) -> Series:
    """The measure `name` of these lines."""
    steps = np.array([line["step"] for line in lines], dtype=np.float64)
    values = np.array([number(line.get(name)) for line in lines], dtype=np.float64)
    return Series(steps, values)


def number(value: object) -> float:
    """The value as a float; NaN where it is not a number."""
    return float(value) if isinstance(value, (int, float)) else float("nan")


def smoothed(curve: Series) -> Series:
    """The means over a window of about a tenth of the steps, centred on each step.

    Near the ends of the curve the window shrinks, at the very ends to a quarter of its width, so that the ends stay
    close to the raw values but still smooth. A curve of fewer than 8 steps is returned unchanged.
    """
    count = len(curve.values)
    half = max(1, round(count / 20)) if count >= 8 else 0
    means = np.full(count, np.nan)
    for at in range(count):
        reach = max(min(half, at, count - 1 - at), half // 2)
        window = curve.values[max(0, at - reach) : at + reach + 1]
        if np.isfinite(window).any():
            means[at] = np.nanmean(window)
    return Series(curve.steps, means)


def band(curves: Sequence[Series]) -> Band:
    """Mean, least and greatest value at each step at which every curve has a value."""
    common = curves[0].steps
    for curve in curves[1:]:
        common = np.intersect1d(common, curve.steps)
    rows = np.array([curve.values[np.isin(curve.steps, common)] for curve in curves])  # (curves, common steps)
    rows = rows.reshape(len(curves), len(common))
    complete = np.isfinite(rows).all(axis=0)
    rows, common = rows[:, complete], common[complete]
    if not len(common):
        return Band(common, common, common, common)
    return Band(common, rows.mean(axis=0), rows.min(axis=0), rows.max(axis=0))
