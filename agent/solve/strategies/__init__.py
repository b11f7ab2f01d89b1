"""Strategies, a file each: pure functions that choose the next move from readings, settings and the budget left.

A new strategy is a small file here and a line in `STRATEGIES`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from agent.solve.moves import Move
from agent.solve.reading import AnyReading
from agent.solve.settings import SolveSettings
from agent.solve.spending import Left
from agent.solve.strategies.agentic_tests import ROUNDS as AGENTIC_ROUNDS
from agent.solve.strategies.agentic_tests import agentic_tests
from agent.solve.strategies.alphacodium import ROUNDS as ALPHACODIUM_ROUNDS
from agent.solve.strategies.alphacodium import alphacodium
from agent.solve.strategies.best_of_n import best_of_n
from agent.solve.strategies.debug import debug
from agent.solve.strategies.distinguish import distinguish
from agent.solve.strategies.in_rounds import in_rounds
from agent.solve.strategies.mpsc import mpsc
from agent.solve.strategies.repair_first import repair_first
from agent.solve.strategies.s_star import ROUNDS as S_STAR_ROUNDS
from agent.solve.strategies.s_star import s_star
from cure.errors import ProblemError

Strategy = Callable[[Sequence[AnyReading], SolveSettings, Left], Move]
"""Chooses the next move from the readings, one per finished round; the first move where there are none."""

STRATEGIES: dict[str, Strategy] = {
    "debug": debug,
    "cure": best_of_n,
    "mpsc": mpsc,
    "alphacodium": alphacodium,
    "s-star": s_star,
    "agentic-tests": agentic_tests,
}
"""The strategies by name."""

ROUNDS = {"alphacodium": ALPHACODIUM_ROUNDS, "s-star": S_STAR_ROUNDS, "agentic-tests": AGENTIC_ROUNDS}
"""By strategy, the number of rounds that ask for programs or tests, where its paper says how many there are."""

FROM_PAPERS = frozenset(STRATEGIES) - {"debug"}
"""Strategies that say themselves how many samples are drawn: `in_rounds` leaves them as they are."""

EARLIER: dict[str, Strategy] = {
    "repair-first": repair_first,
    "distinguish": distinguish,
    "sample-only": best_of_n,
}
"""Further names that settings and recorded runs may hold; `sample-only` is the earlier name of `cure`."""


def strategy(name: str) -> Strategy:
    """The strategy of that name. Raises ProblemError that lists the names there are."""
    known = STRATEGIES | EARLIER
    if name not in known:
        raise ProblemError(f"unknown strategy {name!r}; there are: {', '.join(known)}")
    return known[name]


def in_parts(name: str) -> Strategy:
    """The strategy of that name, with its first samples drawn in parts unless it says itself how many there are.

    Raises ProblemError as `strategy` does.
    """
    chosen = strategy(name)
    return chosen if name in FROM_PAPERS or chosen is best_of_n else in_rounds(chosen)
