"""Minimum Bayes risk by execution: the program whose outputs most other programs share, whatever the tests expect.

Sources: Shi et al., "Natural Language to Code Translation with Execution" (arXiv 2204.11454), section 3, with the soft
loss (share of inputs on which two programs differ) in place of the 0/1 loss; "Semantic Voting" (arXiv 2605.08680) finds
this method equal to voting by output clusters. Expected outputs of generated tests count only as a tie-break.
"""

from __future__ import annotations

import numpy as np

from cure.select.passes import Floats, Ints, Passes, rank_by
from cure.select.ranking import Ranking
from cure.table import AnyTable

SCORE_NAMES = ("agreement of outputs", "generated tests passed")


def mbr_scores(passes: Passes) -> tuple[Floats, Ints]:
    """(..., programs): agreement of outputs over all inputs, and generated tests passed."""
    return passes.agreement, np.asarray(passes.passed.sum(axis=-1))


def rank_by_mbr(table: AnyTable) -> Ranking:
    """Ranking by trusted tests passed, agreement of outputs, and generated tests passed; the earliest candidate
    wins ties.
    """
    return rank_by("mbr", SCORE_NAMES, mbr_scores, table)
