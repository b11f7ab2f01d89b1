"""Like `repair_first`, but tells candidates apart: by inputs made without a model, then by tests of the tester."""

from __future__ import annotations

from collections.abc import Sequence

from agent.solve.moves import Move
from agent.solve.moves.distinguish import Distinguish
from agent.solve.moves.explore import Explore
from agent.solve.moves.repair import Repair
from agent.solve.moves.sample import Sample
from agent.solve.reading import AnyReading, explored
from agent.solve.settings import SolveSettings
from agent.solve.spending import Left
from agent.solve.strategies.repair_first import repair_first
from cure.select.distinguish import undecided, unexplored


def distinguish(readings: Sequence[AnyReading], settings: SolveSettings, left: Left) -> Move:
    """The next move: Explore, which makes inputs, or Distinguish, which asks for tests, or else that of `repair_first`.

    Explore comes first, even before the end of a run: it costs no tokens, and its outputs count in the choice. It is
    made once, when the first two different programs may be handed over; later candidates run on its inputs too.

    Distinguish replaces sampling once there is a candidate. It also replaces a repair if the candidates of the two most
    probable behaviours (groups of candidates with equal outputs) are about equally likely to be right. If `m`, the
    number of tests to sample, is 0, or the last round added neither a new test nor inputs, the move of `repair_first`
    is kept.
    """
    if readings and settings.new_inputs and not left.reason_against(asks_for_samples=False):
        equals = unexplored(readings[-1].table)
        if len(equals) > 1:
            return Explore(f"{len(equals)} different programs may be handed over", equals)
    move = repair_first(readings, settings, left)
    if not readings or not settings.m or not isinstance(move, Sample | Repair):
        return move
    reading = readings[-1]
    if len(readings) > 1 and not explored(readings[-2], reading) and not _has_new_test(readings[-2], reading):
        return move
    if pair := undecided(reading.table, reading.probabilities):
        return Distinguish(f"{pair[0]} and {pair[1]} differ, and the tests do not say which is right", pair)
    if isinstance(move, Sample) and reading.best is not None:
        return Distinguish(move.why, (reading.best,))
    return move


def _has_new_test(before: AnyReading, now: AnyReading) -> bool:
    return len(now.table.independent) > len(before.table.independent)
