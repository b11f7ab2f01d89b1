"""`debug`: samples, runs the programs on new inputs, asks for tests that tell programs apart, and repairs.

This project's own strategy. The first round is that of `cure`; later rounds are spent where the table is undecided:
`agent.solve.strategies.distinguish` has the order of the moves.
"""

from __future__ import annotations

from collections.abc import Sequence

from agent.solve.moves import Move
from agent.solve.reading import AnyReading
from agent.solve.settings import SolveSettings
from agent.solve.spending import Left
from agent.solve.strategies.distinguish import distinguish


def debug(readings: Sequence[AnyReading], settings: SolveSettings, left: Left) -> Move:
    """The next move of `distinguish`."""
    return distinguish(readings, settings, left)
