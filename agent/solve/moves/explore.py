"""The move that runs the candidates on new inputs, made without a model."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from agent.solve.asking import request_seed
from agent.solve.reading import Reading
from agent.solve.solving import Solving
from agent.solve.task import ColumnT, RowT
from cure.table import ExecutionTable
from sandbox import SandboxError, Verdict

AT_ONCE = 8
"""Inputs that are executed before the time is looked at again."""


@dataclass(frozen=True)
class Explore:
    """Make new inputs by changing known ones, and run every candidate on the new inputs. What a right program prints on
    these inputs is unknown, but they show which candidates behave alike.
    """

    name: ClassVar = "explore"
    doing: ClassVar = "trying new inputs"
    done: ClassVar = "tried new inputs"
    asks_models: ClassVar = False
    why: str
    targets: tuple[str, ...] = ()
    """Candidates to tell apart."""

    async def carry_out(self, solving: Solving[RowT, ColumnT], readings: Sequence[Reading[RowT, ColumnT]]) -> None:
        """Add up to `settings.new_inputs` inputs, until `settings.new_inputs_seconds` are over.

        The new inputs depend only on the seed of the run and the known inputs. A recorded round, when replayed or
        resumed, adds as many as it added at first.
        """
        round_, table, settings = len(readings) + 1, readings[-1].table, solving.settings
        key = f"inputs/{round_}"
        made = solving.task.new_inputs(_parents(table), settings.new_inputs, request_seed(settings.seed, key))
        if solving.is_recorded(round_):
            made = made[: sum(test.key == key for test in solving.recorder.known.tests.values())]
        deadline = time.monotonic() + settings.new_inputs_seconds
        numbered = [(f"i{number}", *each) for number, each in enumerate(made, 1)]
        for start in range(0, len(numbered), AT_ONCE):
            for name, column, how in numbered[start : start + AT_ONCE]:
                solving.add_test(name, column, key, int(name[1:]) - 1, how)
            try:
                async with asyncio.timeout(solving.seconds_left()):
                    await solving.growing.settle()
            except (TimeoutError, SandboxError):
                # The next step of the graph waits for the remaining executions, and meets the same failure.
                return
            over = time.monotonic() > deadline or solving.exhausted()
            if over and not solving.recorder.is_replay and not solving.is_recorded(round_):
                return


def _parents(table: ExecutionTable[RowT, ColumnT]) -> dict[str, ColumnT]:
    """The columns whose inputs are probably well-formed: trusted ones, and those on which some candidate ended `ok`."""
    well = {name for (_, name), cell in table.cells.items() if cell.verdict is Verdict.OK}
    return {name: test for name, test in table.tests.items() if test.trusted or name in well}
