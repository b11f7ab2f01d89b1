"""B4: the consensus set with the largest posterior probability of being the right programs with the right tests.

Source: Chen et al., "B4: Towards Optimal Assessment of Plausible Code Solutions with Plausible Tests" (arXiv
2409.08692), section 4, as in the released `strategy.py`. With N programs, M tests, n programs in the set, k tests that
they pass, the score is a sum of logarithms of Beta functions,

    log B(n + a, N - n + 1) + log B(k + a, M - k + 1) + log B(s1 + 1, f1 + 1) + log B(s0 + 1, f0 + b)

s1, f1: passes and fails of the other programs on these k tests; s0, f0: those on the other tests. The paper tunes a
and b for tables of 100 programs and 500 tests (a = 10^3, b = 10^4 to 10^6); on 16 x 16 they would outweigh the
data, so `A` and `B` are 10 here.
"""

from __future__ import annotations

from math import lgamma

import numpy as np

from cure.select.passes import Floats, Ints, Passes, rank_by
from cure.select.ranking import Ranking
from cure.table import AnyTable

SCORE_NAMES = ("log-posterior of the consensus set",)

A = 10.0
"""Prior weight for large consensus sets."""
B = 10.0
"""Prior weight against wrong programs that pass wrong tests."""


def b4_scores(passes: Passes) -> tuple[Floats]:
    """(..., programs): log-posterior of the consensus set that the program belongs to, up to a constant."""
    passed, same = passes.passed, passes.same_passes
    programs, tests = passed.shape[-2], passes.tests
    inside, passing = same.sum(axis=-1), passed.sum(axis=-1)
    outside = programs - inside
    # Passes of all programs on the tests that each program passes, and on those it fails; less those of its own set.
    both = passed.astype(np.float64) @ np.swapaxes(passed, -1, -2).astype(np.float64)
    on_passed = both.sum(axis=-1).astype(np.int64) - inside * passing
    on_failed = passed.sum(axis=(-2, -1))[..., None] - inside * passing - on_passed
    score = (
        _log_beta(inside, programs - inside, A, 1.0)
        + _log_beta(passing, tests - passing, A, 1.0)
        + _log_beta(on_passed, outside * passing - on_passed, 1.0, 1.0)
        + _log_beta(on_failed, outside * (tests - passing) - on_failed, 1.0, B)
    )
    return (score,)


def rank_by_b4(table: AnyTable) -> Ranking:
    """Ranking by trusted tests passed, then the set's posterior; the earliest candidate wins ties."""
    return rank_by("b4", SCORE_NAMES, b4_scores, table)


def _log_beta(successes: Ints, failures: Ints, a: float, b: float) -> Floats:
    """log B(successes + a, failures + b)."""
    total = successes + failures
    return np.asarray(_log_gamma(successes, a) + _log_gamma(failures, b) - _log_gamma(total, a + b))


def _log_gamma(counts: Ints, offset: float) -> Floats:
    """log gamma(counts + offset), from a table over the whole numbers up to the largest count."""
    steps = np.log(np.arange(int(counts.max(initial=0))) + offset)
    return np.asarray((lgamma(offset) + np.concatenate(([0.0], np.cumsum(steps))))[counts])
