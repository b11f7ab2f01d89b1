"""CodeT: programs that pass the same tests support each other and those tests.

Source: Chen et al., "CodeT: Code Generation with Generated Tests" (arXiv 2207.10397), section 2 (dual execution
agreement). A consensus set is all programs that pass exactly the same tests, with these tests; its score is
sqrt(number of programs) x number of tests. Without trusted tests these are the scores of `agreement.py` in
CodeT's released code.
"""

from __future__ import annotations

import numpy as np

from cure.select.passes import Floats, Passes, rank_by
from cure.select.ranking import Ranking
from cure.table import AnyTable

SCORE_NAMES = ("sqrt(programs) x tests of the consensus set",)


def codet_scores(passes: Passes) -> tuple[Floats]:
    """(..., programs): sqrt(programs) x tests of the consensus set that the program belongs to."""
    programs, tests = passes.same_passes.sum(axis=-1), passes.passed.sum(axis=-1)
    return (np.asarray(np.sqrt(programs) * tests),)


def rank_by_codet(table: AnyTable) -> Ranking:
    """Ranking by trusted tests passed, then the score of the consensus set; the earliest candidate wins ties."""
    return rank_by("codet", SCORE_NAMES, codet_scores, table)
