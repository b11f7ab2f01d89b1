"""The move that asks for repairs of programs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from agent.solve.asking import Ask, ask
from agent.solve.reading import Reading
from agent.solve.repairs import FAILURES_SHOWN, failures_to_show
from agent.solve.solving import Solving
from agent.solve.task import ColumnT, RowT
from cure.repair import summary_of
from cure.select.validity import believed_failures


@dataclass(frozen=True)
class Repair:
    """Ask the coder to repair the targets, given failed tests that are trusted or probably right; repairs are new
    candidates."""

    name: ClassVar = "repair"
    doing: ClassVar = "repairing"
    done: ClassVar = "repaired"
    asks_for_samples: ClassVar = True
    why: str
    targets: tuple[str, ...]
    """Candidates to repair, best first; only one of several that behave alike in the table."""

    async def carry_out(self, solving: Solving[RowT, ColumnT], readings: Sequence[Reading[RowT, ColumnT]]) -> None:
        """Ask for equally many repairs of each target: at most `settings.n` in all, but at least one of each.

        A prompt shows the target, failed tests with what it did on them, and from `repair_rules` 2 on a summary of the
        table. The prompt of the micro model shows one failed test and no summary.
        """
        round_, table = len(readings) + 1, readings[-1].table
        n = max(1, solving.settings.n // max(1, len(self.targets)))
        shown = self._shown(solving, readings)
        wanted = []
        for target in self.targets:
            failures = [(table.tests[name], table.cells[target, name]) for name in shown[target]]
            summary = None if _is_first_version(solving) else summary_of(table, target, shown[target])
            prompt = solving.task.repair(table.candidates[target].text, failures, summary)
            wanted.append(Ask("coder", f"repair/{round_}/{target}", prompt, n, parent=target))
        await ask(solving, round_, wanted)

    def _shown(
        self, solving: Solving[RowT, ColumnT], readings: Sequence[Reading[RowT, ColumnT]]
    ) -> dict[str, list[str]]:
        if not _is_first_version(solving):
            return failures_to_show(readings, self.targets)
        table, probabilities = readings[-1].table, readings[-1].probabilities
        return {target: believed_failures(table, target, probabilities)[:FAILURES_SHOWN] for target in self.targets}


def _is_first_version(solving: Solving[RowT, ColumnT]) -> bool:
    return solving.settings.repair_rules == 1
