"""Priors of the unknown rates in `cure.select.posterior`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Prior:
    """Beta priors (a, b) of the rates at which the events below occur, with mean a / (a + b); and two constants."""

    coder: tuple[float, float] = (1.0, 1.0)
    """A sampled program is right."""
    tester: tuple[float, float] = (1.0, 1.0)
    """A generated test is right; the rate p_u of the CURE paper."""
    p_01: tuple[float, float] = (1.5, 3.0)
    """A wrong program passes a right test."""
    p_00: tuple[float, float] = (0.5, 5.0)
    """A wrong program passes a wrong test."""
    unsolved: tuple[float, float] = (0.8, 3.2)
    """A wrong program passes a generated test when no program is right, whatever the test's truth."""
    scatter: float = 6.0
    """Concentration parameter of the distribution of wrong programs over behaviours. The larger, the less often two
    wrong programs agree."""
    temper: float = 0.25
    """Power the likelihood is raised to. Programs and tests of one model share their mistakes, so n of them are
    weaker evidence than n independent ones; the power 1 would treat them as independent."""
