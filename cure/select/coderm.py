"""CodeRM's choice: most tests passed, then the largest group of programs that pass the same tests.

Source: Ma et al., "Dynamic Scaling of Unit Tests for Code Reward Modeling" (arXiv 2501.01054), section 2 (majority
voting over tests), with the tie-break of the released `evaluation/calculate_result.py`.
"""

from __future__ import annotations

import numpy as np

from cure.select.passes import Ints, Passes, rank_by
from cure.select.ranking import Ranking
from cure.table import AnyTable

SCORE_NAMES = ("generated tests passed", "programs that pass the same tests")


def coderm_scores(passes: Passes) -> tuple[Ints, Ints]:
    """(..., programs): generated tests passed, and number of programs that pass the same tests."""
    return np.asarray(passes.passed.sum(axis=-1)), np.asarray(passes.same_passes.sum(axis=-1))


def rank_by_coderm(table: AnyTable) -> Ranking:
    """Ranking by trusted tests passed, generated tests passed, and number of programs that pass the same tests; the
    earliest candidate wins ties.
    """
    return rank_by("coderm", SCORE_NAMES, coderm_scores, table)
