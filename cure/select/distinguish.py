"""Which behaviours the table cannot tell apart."""

from __future__ import annotations

from cure.select.answer import viable
from cure.select.confidence import Confidence
from cure.table import AnyTable

MAX_ODDS = 3.0
"""Two behaviours are undecided when one is at most this many times as probable as the other."""


def undecided(table: AnyTable, posterior: Confidence) -> tuple[str, str] | None:
    """The first candidates of the two most probable behaviours, where both are viable and about as probable."""
    possible = [h for h in posterior.hypotheses if h.cluster and viable(table, h.cluster[0])]
    if len(possible) < 2 or possible[0].probability > MAX_ODDS * possible[1].probability:
        return None
    return possible[0].cluster[0], possible[1].cluster[0]
