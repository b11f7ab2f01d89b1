"""`debug`: samples, runs the programs on new inputs, asks for tests that tell programs apart, and repairs.

This project's own strategy. The first round has the prompts and seeds of the strategy `cure` (`best_of_n.py`); later
rounds are spent where the table is undecided: `agent.solve.strategies.distinguish` has the order of the moves. New
inputs come from changes of known ones, which cost no tokens (`cure.inputs`), and, where they leave two behaviours
undecided, from a generator that the coder writes.
"""

from __future__ import annotations

from collections.abc import Sequence

from agent.solve.moves import Move
from agent.solve.moves.distinguish import Distinguish
from agent.solve.moves.explore import Explore
from agent.solve.moves.generate import LEAST_TOKENS, SHARE, Generate
from agent.solve.reading import AnyReading
from agent.solve.settings import SolveSettings
from agent.solve.spending import Left
from agent.solve.strategies.distinguish import distinguish
from agent.solve.strategies.repair_first import repair_first
from cure.prompts import follows_instructions
from cure.select.distinguish import undecided


def debug(readings: Sequence[AnyReading], settings: SolveSettings, left: Left) -> Move:
    """The next move: Generate, once, where explored inputs left two behaviours undecided; else that of `distinguish`.
    While the tester has given no test, because it does not answer or its answers cannot be read, no round asks it
    alone: the move is then that of `repair_first`.

    No generator is asked for where the answer is verified already, where the coder follows no instructions
    (`cure.prompts.follows_instructions`), or where `settings.generator` is off.
    """
    if readings and _may_generate(readings, settings, left):
        reading = readings[-1]
        pair = undecided(reading.table, reading.probabilities)
        if pair and not reading.is_verified(settings.confident):
            return Generate(f"{pair[0]} and {pair[1]} differ on new inputs, and it is not known which is right", pair)
    move = distinguish(readings, settings, left)
    if isinstance(move, Distinguish) and not any(readings[-1].table.names(trusted=False)):
        return repair_first(readings, settings, left)
    return move


def _may_generate(readings: Sequence[AnyReading], settings: SolveSettings, left: Left) -> bool:
    moves = [reading.move for reading in readings]
    return (
        settings.generator
        and follows_instructions(settings.coder_style)
        and Explore.name in moves
        and Generate.name not in moves
        and SHARE * left.tokens >= LEAST_TOKENS
        and not left.reason_against(asks_for_samples=False)
    )
