"""The default selector: trusted tests, then generated tests that programs do not outvote, then agreement of outputs.

Like `cure.select.agreement`, but a generated test does not count where programs contradict it by a large majority: at
least `MAJORITY` times as many programs print one and the same other output as pass the test. Only programs that pass
every trusted test have a vote. Wrong tests that a single wrong program satisfies by chance, or by the same
misunderstanding, then no longer decide against programs that agree with each other.
"""

from __future__ import annotations

import numpy as np

from cure.select.confidence import possibly_right
from cure.select.passes import Booleans, Floats, Ints, Passes, rank_by
from cure.select.ranking import Ranking
from cure.table import AnyTable

MAJORITY = 5
"""How many programs with one other output outvote a program that passes the test; chosen on stored tables
(docs/selection.md)."""
SCORE_NAMES = ("generated tests passed that are not outvoted", "agreement of outputs")


def outvoted(passes: Passes) -> Booleans:
    """(..., generated tests): whether the programs outvote the test.

    A test that no voting program passes is outvoted by `MAJORITY` programs.
    """
    votes = possibly_right(passes)[..., None] & (passes.answers >= 0)
    against = votes & ~passes.passed
    alike = passes.answers[..., :, None, :] == passes.answers[..., None, :, :]
    together = (alike & against[..., :, None, :] & against[..., None, :, :]).sum(axis=-2)
    supporters = (votes & passes.passed).sum(axis=-2)
    return np.asarray(together.max(axis=-2, initial=0) >= MAJORITY * np.maximum(supporters, 1))


def outvoted_scores(passes: Passes) -> tuple[Ints, Floats]:
    """(..., programs): generated tests passed that are not outvoted, and agreement of outputs over all inputs."""
    return np.asarray((passes.passed & ~outvoted(passes)[..., None, :]).sum(axis=-1)), passes.agreement


def rank_by_outvoted(table: AnyTable) -> Ranking:
    """Ranking by trusted tests passed, generated tests passed that are not outvoted, and agreement; the earliest
    candidate wins ties.
    """
    return rank_by("outvoted", SCORE_NAMES, outvoted_scores, table)
