"""Curves out of lines of metrics. Pure; a value that is missing is NaN and stays a gap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trainer.inspect.recorded import Line

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Series:
    """One measure over the steps."""

    steps: Floats
    """(N,)"""
    values: Floats
    """(N,)"""

    @property
    def known(self) -> bool:
        """Whether there is any value at all."""
        return bool(np.isfinite(self.values).any())


@dataclass(frozen=True)
class Band:
    """One measure of several runs, at the steps that all of them have."""

    steps: Floats
    mean: Floats
    low: Floats
    high: Floats


def series(lines: Sequence[Line], name: str) -> Series:
    """The measure `name` of these lines."""
    steps = np.array([line["step"] for line in lines], dtype=np.float64)
    values = np.array([number(line.get(name)) for line in lines], dtype=np.float64)
    return Series(steps, values)


def number(value: object) -> float:
    """The value, or NaN where it is no number."""
    return float(value) if isinstance(value, (int, float)) else float("nan")


def smoothed(one: Series) -> Series:
    """Means over a window of about a tenth of the steps, centred on each.

    Near an end the window shrinks to a quarter of that, so that the ends are little pulled inwards and yet no raw
    values. Fewer than 8 steps are left as they are.
    """
    count = len(one.values)
    half = max(1, round(count / 20)) if count >= 8 else 0
    means = np.full(count, np.nan)
    for at in range(count):
        reach = max(min(half, at, count - 1 - at), half // 2)
        window = one.values[max(0, at - reach) : at + reach + 1]
        if np.isfinite(window).any():
            means[at] = np.nanmean(window)
    return Series(one.steps, means)


def band(many: Sequence[Series]) -> Band:
    """Mean, least and greatest at each step that every one has; a step at which a run has no value is left out."""
    common = many[0].steps
    for one in many[1:]:
        common = np.intersect1d(common, one.steps)
    rows = np.array([one.values[np.isin(one.steps, common)] for one in many]).reshape(len(many), len(common))
    whole = np.isfinite(rows).all(axis=0)
    rows, common = rows[:, whole], common[whole]
    if not len(common):
        return Band(common, common, common, common)
    return Band(common, rows.mean(axis=0), rows.min(axis=0), rows.max(axis=0))
