"""Strategies, a file each: pure functions that choose the next move from readings, settings and the budget left.

A new strategy is a small file here and a line in `STRATEGIES`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from agent.solve.moves import Move
from agent.solve.reading import AnyReading
from agent.solve.settings import SolveSettings
from agent.solve.spending import Left
from agent.solve.strategies.distinguish import distinguish
from agent.solve.strategies.repair_first import repair_first
from agent.solve.strategies.sample_only import sample_only
from cure.errors import ProblemError

Strategy = Callable[[Sequence[AnyReading], SolveSettings, Left], Move]
"""Chooses the next move from the readings, one per finished round; the first move where there are none."""

STRATEGIES: dict[str, Strategy] = {
    "repair-first": repair_first,
    "distinguish": distinguish,
    "sample-only": sample_only,
}


def strategy(name: str) -> Strategy:
    """The strategy of that name. Raises ProblemError that lists the names there are."""
    if name not in STRATEGIES:
        raise ProblemError(f"unknown strategy {name!r}; there are: {', '.join(STRATEGIES)}")
    return STRATEGIES[name]
