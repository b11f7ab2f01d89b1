"""Adds inputs without a known output to the table, a few at a time, and runs every candidate on them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from agent.solve.solving import Solving
from agent.solve.task import ColumnT, RowT
from sandbox import SandboxError

AT_ONCE = 8
"""Number of inputs that are executed before the time and the budget are checked again."""


async def add_inputs(
    solving: Solving[RowT, ColumnT], round_: int, key: str, made: Sequence[tuple[ColumnT, str]]
) -> None:
    """Add inputs, each with the words that say how it was made, until `settings.new_inputs_seconds` are over or the
    budget is exhausted.

    Their numbers continue those of the inputs already in the table. A recorded round, when replayed or resumed, adds as
    many as it added at first.
    """
    settings, state = solving.settings, solving.recorder.state
    if solving.is_recorded(round_):
        made = made[: sum(test.key == key for test in solving.recorder.known.tests.values())]
    deadline = time.monotonic() + settings.new_inputs_seconds
    before = sum(test.expected is None for test in state.tests.values())
    numbered = [(number, *each) for number, each in enumerate(made)]
    for start in range(0, len(numbered), AT_ONCE):
        for number, column, how in numbered[start : start + AT_ONCE]:
            solving.add_test(f"i{before + number + 1}", column, key, number, how)
        try:
            async with asyncio.timeout(solving.seconds_left()):
                await solving.growing.settle()
        except (TimeoutError, SandboxError):
            # The next step of the graph waits for the remaining executions, and meets the same failure.
            return
        over = time.monotonic() > deadline or solving.exhausted()
        if over and not solving.recorder.is_replay and not solving.is_recorded(round_):
            return
