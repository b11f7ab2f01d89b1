"""Which behaviours the table cannot tell apart."""

from __future__ import annotations

from cure.select.answer import viable
from cure.select.hypotheses import Confidence
from cure.table import AnyTable, clusters

MAX_ODDS = 3.0
"""Two behaviours are undecided when one is at most this many times as probable as the other."""


def unexplored(table: AnyTable) -> tuple[str, ...]:
    """The candidates that may be handed over (`viable`); of several with the same program text only the first.

    Empty where the table already has inputs without a known output.
    """
    if any(not test.judges for test in table.tests.values()):
        return ()
    first: dict[str, str] = {}
    for name, row in table.candidates.items():
        if viable(table, name):
            first.setdefault(row.text, name)
    return tuple(first.values())


def undecided(table: AnyTable, probabilities: Confidence) -> tuple[str, str] | None:
    """The first candidates of two viable behaviours that are about equally probable; None if there are no such two.

    The candidates of the most probable hypothesis may still behave differently: in how executions failed, or, where
    `cure.select.posterior` computed the probabilities, on inputs without a known output. Those that behave alike are a
    group, whose probability is taken to be proportional to its size. The two largest of these groups are compared
    first, then the two most probable hypotheses.
    """
    possible = [h for h in probabilities.hypotheses if h.cluster and viable(table, h.cluster[0])]
    if possible:
        parts = [[name for name in group if name in possible[0].cluster] for group in clusters(table)]
        most, second, *_ = *sorted(filter(None, parts), key=len, reverse=True), []
        if second and len(most) <= MAX_ODDS * len(second):
            return most[0], second[0]
    if len(possible) < 2 or possible[0].probability > MAX_ODDS * possible[1].probability:
        return None
    return possible[0].cluster[0], possible[1].cluster[0]
