"""ACES-C: tests are weighted by how well each agrees with the ranking that all other tests give.

Source: Sun et al., "ACES: Who Tests the Tests? Leave-One-Out AUC Consistency for Code Generation" (arXiv 2604.03922),
the closed form ACES-C. For test j, programs are scored by the number of other tests they pass; LOO-AUC_j is the
probability that a program that passes j has a larger score than one that fails j (equal scores count 1/2). The test's
weight is

    w_j = max(0, LOO-AUC_j - 1/2) p_j (1 - p_j)        p_j: share of programs that pass j

and a program's score is the sum of the weights of the tests it passes. Tests that all or no programs pass weigh 0.

The paper combines ACES-C with DS3, a filter of another paper that reads more than the pass matrix; DS3's text was not
available, and it is not implemented. The filter here keeps to the matrix: programs that pass fewer trusted tests than
the best, and programs that pass no generated test, take no part in the AUC. Where all weights are 0 (a single test,
for one), the number of generated tests passed decides.
"""

from __future__ import annotations

import numpy as np

from cure.select.passes import Booleans, Floats, Ints, Passes, rank_by
from cure.select.ranking import Ranking
from cure.table import AnyTable

SCORE_NAMES = ("sum of weights of tests passed", "generated tests passed")


def aces_scores(passes: Passes) -> tuple[Floats, Ints]:
    """(..., programs): sum of the weights of the tests passed, and generated tests passed."""
    passed = passes.passed
    total = passed.sum(axis=-1)
    weights = _weights(passed, total, plausible(passes))
    return np.asarray((passed * weights[..., None, :]).sum(axis=-1)), np.asarray(total)


def rank_by_aces(table: AnyTable) -> Ranking:
    """Ranking by trusted tests passed, sum of the weights of generated tests passed, and number of generated tests
    passed; the earliest candidate wins ties.
    """
    return rank_by("aces", SCORE_NAMES, aces_scores, table)


def plausible(passes: Passes) -> Booleans:
    """(..., programs): whether the program passes as many trusted tests as any other, and some generated test; True for
    all programs if none does.
    """
    count = passes.trusted.sum(axis=-1)
    kept = (count == count.max(axis=-1, keepdims=True)) & passes.passed.any(axis=-1)
    return np.asarray(kept | ~kept.any(axis=-1, keepdims=True))


def _weights(passed: Booleans, total: Ints, kept: Booleans) -> Floats:
    """(..., tests) weights of the tests, from the programs kept."""
    passing = (passed & kept[..., None]).astype(np.float64)
    failing = (~passed & kept[..., None]).astype(np.float64)
    # A program that passes test j passes `total - 1` other tests, one that fails j `total`; neither depends on j.
    order = np.sign(total[..., :, None] - 1 - total[..., None, :]).astype(np.float64)
    won = (passing * (order @ failing)).sum(axis=-2)
    programs = np.maximum(kept.sum(axis=-1), 1)[..., None]
    # AUC - 1/2 is won / (2 pairs), and p (1 - p) is pairs / programs^2, so that the number of pairs cancels out.
    return np.asarray(np.maximum(won, 0.0) / (2.0 * programs**2))
