"""The move that asks for one repair of each of several programs, towards given tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from agent.solve.asking import Ask, ask
from agent.solve.reading import Reading
from agent.solve.solving import Solving
from agent.solve.task import ColumnT, RowT


@dataclass(frozen=True)
class Mend:
    """Ask the coder for one repair of each target; the prompt shows failed tests that the strategy chose."""

    name: ClassVar = "mend"
    doing: ClassVar = "debugging"
    done: ClassVar = "debugged"
    asks_for_samples: ClassVar = True
    why: str
    targets: tuple[str, ...]
    failing: tuple[tuple[str, ...], ...]
    """For each target, the failed tests that are shown."""

    async def carry_out(self, solving: Solving[RowT, ColumnT], readings: Sequence[Reading[RowT, ColumnT]]) -> None:
        """Ask for one repair of each target."""
        round_, table = len(readings) + 1, readings[-1].table
        wanted = []
        for target, failing in zip(self.targets, self.failing, strict=True):
            failures = [(table.tests[name], table.cells[target, name]) for name in failing]
            prompt = solving.task.repair(table.candidates[target].text, failures)
            wanted.append(Ask("coder", f"repair/{round_}/{target}", prompt, 1, parent=target))
        await ask(solving, round_, wanted)
