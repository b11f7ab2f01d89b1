"""Like `repair_first`, but asks for tests on new inputs instead of sampling programs and tests again."""

from __future__ import annotations

from collections.abc import Sequence

from agent.solve.moves import Move
from agent.solve.moves.distinguish import Distinguish
from agent.solve.moves.repair import Repair
from agent.solve.moves.sample import Sample
from agent.solve.reading import AnyReading
from agent.solve.settings import SolveSettings
from agent.solve.spending import Left
from agent.solve.strategies.repair_first import repair_first
from cure.select.distinguish import undecided


def distinguish(readings: Sequence[AnyReading], settings: SolveSettings, left: Left) -> Move:
    """The move of `repair_first`, or the move Distinguish, which asks for tests, in its place.

    Distinguish replaces sampling once there is a candidate. It also replaces a repair if the candidates of the two most
    probable behaviours (groups of candidates with equal outputs) are about equally likely to be right. If `m`, the
    number of tests to sample, is 0, and after a round without a new test, the move of `repair_first` is kept.
    """
    move = repair_first(readings, settings, left)
    if not readings or not settings.m or not isinstance(move, Sample | Repair):
        return move
    reading = readings[-1]
    if len(readings) > 1 and len(reading.table.independent) == len(readings[-2].table.independent):
        return move
    if pair := undecided(reading.table, reading.posterior):
        return Distinguish(f"{pair[0]} and {pair[1]} differ, and the tests do not say which is right", pair)
    if isinstance(move, Sample) and reading.best is not None:
        return Distinguish(move.why, (reading.best,))
    return move
