"""How well generated tests select right programs: the counts behind p_u, p_01, p_00 and mu."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from operator import add

import numpy as np

from cure.reward.unit_tests import valid_tests
from cure.reward.values import Booleans


@dataclass(frozen=True)
class PrecisionCounts:
    """Counts that are added up over problems, and their ratios; a ratio without data is None."""

    tests: int = 0
    """Generated tests of problems with a right program."""
    valid_tests: int = 0
    """Generated tests that all right programs pass."""
    valid_pairs: int = 0
    """Pairs of a wrong program and a valid test."""
    valid_passes: int = 0
    """Pairs of a wrong program and a valid test that it passes."""
    invalid_pairs: int = 0
    """Pairs of a wrong program and an invalid test."""
    invalid_passes: int = 0
    """Pairs of a wrong program and an invalid test that it passes."""

    def __add__(self, other: PrecisionCounts) -> PrecisionCounts:
        return PrecisionCounts(*map(add, astuple(self), astuple(other)))

    @property
    def p_u(self) -> float | None:
        """The share of valid tests."""
        return _share(self.valid_tests, self.tests)

    @property
    def p_01(self) -> float | None:
        """The share of (wrong program, valid test) pairs that pass; lower is better."""
        return _share(self.valid_passes, self.valid_pairs)

    @property
    def p_00(self) -> float | None:
        """The share of (wrong program, invalid test) pairs that pass; lower is better."""
        return _share(self.invalid_passes, self.invalid_pairs)

    @property
    def mu(self) -> float | None:
        """p_u (1 - p_01) - (1 - p_u) p_00; the generated tests select right programs if mu > 0 (CURE, Theorem 3.1).

        None where a ratio that has a weight above 0 lacks data. With valid tests only, mu is 1 - p_01, whatever p_00.
        """
        if not self.tests:
            return None
        kills = _weighted(self.valid_tests / self.tests, None if self.p_01 is None else 1 - self.p_01)
        slips = _weighted(1 - self.valid_tests / self.tests, self.p_00)
        return None if kills is None or slips is None else kills - slips


def precision_counts(generated: Booleans, right: Booleans) -> PrecisionCounts:
    """The counts of one problem; zeros where no program is right.

    `generated` is (codes, parsed tests): whether each program passes each test; `right` is (codes,).
    """
    if not right.any():
        return PrecisionCounts()
    valid = valid_tests(generated, right)
    by_wrong = generated[np.logical_not(right)]  # (wrong codes, tests)
    to_valid, to_invalid = by_wrong[:, valid], by_wrong[:, np.logical_not(valid)]
    return PrecisionCounts(
        tests=valid.size,
        valid_tests=int(valid.sum()),
        valid_pairs=to_valid.size,
        valid_passes=int(to_valid.sum()),
        invalid_pairs=to_invalid.size,
        invalid_passes=int(to_invalid.sum()),
    )


def _share(numerator: int, denominator: int) -> float | None:
    return numerator / denominator if denominator else None


def _weighted(weight: float, value: float | None) -> float | None:
    if not weight:
        return 0.0
    return None if value is None else weight * value
