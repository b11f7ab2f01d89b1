"""CURE's best-of-n (arXiv 2506.03136, Eq. 1): the program that passes most tests, the first of equals as in CURE's
released evaluation.
"""

from __future__ import annotations

from cure.select.ranking import Ranking, sort_by_score
from cure.table import AnyTable


def rank_by_max_pass(table: AnyTable) -> Ranking:
    """Ranking by the number of tests passed; the earliest candidate wins ties.

    Trusted and generated tests count alike; generated tests that repeat a trusted test's input do not count.
    """
    scores = {name: (float(sum(table.passes(name, test) for test in table.independent)),) for name in table.candidates}
    return sort_by_score("max-pass", ("tests passed",), scores)
