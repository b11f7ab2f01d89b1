"""The move that asks the tester for tests on inputs that no test has yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from agent.solve.asking import Ask, ask
from agent.solve.reading import Reading
from agent.solve.solving import Solving
from agent.solve.task import ColumnT, RowT

INPUTS_SHOWN = 16
"""Maximum number of inputs to avoid that the tester is shown: the newest ones."""


@dataclass(frozen=True)
class Distinguish:
    """Ask for tests on new inputs, which may tell apart candidates that are equal on all inputs so far."""

    name: ClassVar = "distinguish"
    doing: ClassVar = "asking for tests on new inputs"
    done: ClassVar = "asked for tests on new inputs"
    asks_for_samples: ClassVar = True
    why: str
    targets: tuple[str, ...] = ()
    """Candidates to tell apart."""

    async def carry_out(self, solving: Solving[RowT, ColumnT], readings: Sequence[Reading[RowT, ColumnT]]) -> None:
        """Ask the tester for `settings.m` tests."""
        round_, tests = len(readings) + 1, readings[-1].table.tests
        avoid = list({test.stimulus: test for test in tests.values() if test.judges}.values())[-INPUTS_SHOWN:]
        wanted = Ask("tester", f"tester/{round_}", solving.task.tester(avoid), solving.settings.m)
        await ask(solving, round_, [wanted])
