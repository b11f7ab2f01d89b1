"""The move that asks for repairs of programs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from agent.solve.asking import Ask, ask
from agent.solve.reading import Reading
from agent.solve.solving import Solving
from agent.solve.task import ColumnT, RowT
from cure.select.validity import believed_failures

FAILURES_SHOWN = 2


@dataclass(frozen=True)
class Repair:
    """Ask the coder to repair the targets, given failed tests that are trusted or probably right; repairs are new
    candidates."""

    name: ClassVar = "repair"
    doing: ClassVar = "repairing"
    done: ClassVar = "repaired"
    asks_models: ClassVar = True
    why: str
    targets: tuple[str, ...]
    """Candidates to repair, best first; only one of several that behave alike in the table."""

    async def carry_out(self, solving: Solving[RowT, ColumnT], readings: Sequence[Reading[RowT, ColumnT]]) -> None:
        """Ask for equally many repairs of each target: at most `settings.n` in all, but at least one of each."""
        round_, reading = len(readings) + 1, readings[-1]
        each = max(1, solving.settings.n // max(1, len(self.targets)))
        await ask(solving, round_, [_ask(solving, round_, reading, target, each) for target in self.targets])


def _ask(solving: Solving[RowT, ColumnT], round_: int, reading: Reading[RowT, ColumnT], target: str, n: int) -> Ask:
    table = reading.table
    failing = believed_failures(table, target, reading.posterior)[:FAILURES_SHOWN]
    failures = [(table.tests[name], table.cells[target, name]) for name in failing]
    prompt = solving.task.repair(table.candidates[target].text, failures)
    return Ask("coder", f"repair/{round_}/{target}", prompt, n, parent=target)
