"""Priors of the rates that the confidence integrates out; fitted by `benchmarks/confidence_calibration.py`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Prior:
    """Beta priors (a, b) of the rates; the mean of each is a / (a + b)."""

    coder: tuple[float, float] = (1.0, 1.0)
    """A sampled program is right."""
    tester: tuple[float, float] = (1.0, 1.0)
    """p_u, a generated test is right."""
    p_01: tuple[float, float] = (1.5, 3.0)
    """A wrong program passes a right test."""
    p_00: tuple[float, float] = (0.5, 5.0)
    """A wrong program passes a wrong test."""
    unsolved: tuple[float, float] = (0.8, 3.2)
    """A wrong program passes a generated test when no program is right, whatever the test's truth."""
    scatter: float = 6.0
    """Concentration of wrong programs' behaviours: larger, and two wrong programs agree less often."""
    temper: float = 0.25
    """Power the likelihood is raised to. Programs and tests of one model share their mistakes, so n of them are worth
    less than n independent witnesses; 1 would take them for independent."""
