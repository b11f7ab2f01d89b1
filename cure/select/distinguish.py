"""Which behaviours the table cannot tell apart."""

from __future__ import annotations

from cure.select.answer import viable
from cure.select.confidence import Confidence
from cure.table import AnyTable

MAX_ODDS = 3.0
"""Two behaviours are undecided when one is at most this many times as probable as the other."""


def undecided(table: AnyTable, posterior: Confidence) -> tuple[str, str] | None:
    """The first candidates of the two most probable behaviours, where both are viable and about as probable."""
    fit = [each for each in posterior.hypotheses if each.cluster and viable(table, each.cluster[0])]
    if len(fit) < 2 or fit[0].probability > MAX_ODDS * fit[1].probability:
        return None
    return fit[0].cluster[0], fit[1].cluster[0]
