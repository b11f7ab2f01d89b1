"""The move that asks for repairs of programs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from agent.solve.asking import Ask, ask
from agent.solve.reading import Reading
from agent.solve.solving import Solving
from cure.problem import UnitTest
from cure.prompts import Failure
from cure.select.validity import believed_failures
from cure.table import Cell
from sandbox import Verdict

FAILURES_SHOWN = 2


@dataclass(frozen=True)
class Repair:
    """Ask the coder to repair the targets, showing it failed tests that are believed; a repair is a new candidate."""

    name: ClassVar = "repair"
    doing: ClassVar = "repairing"
    done: ClassVar = "repaired"
    why: str
    targets: tuple[str, ...]
    """Candidates to repair, best first, one per behaviour."""

    async def carry_out(self, solving: Solving, readings: Sequence[Reading]) -> None:
        """Ask for n repairs, divided evenly among the targets."""
        round_, reading = len(readings) + 1, readings[-1]
        each = max(1, solving.settings.n // max(1, len(self.targets)))
        await ask(solving, round_, [_ask(solving, round_, reading, target, each) for target in self.targets])


def _ask(solving: Solving, round_: int, reading: Reading, target: str, n: int) -> Ask:
    table = reading.table
    failing = believed_failures(table, target, reading.posterior)[:FAILURES_SHOWN]
    failures = [_failure(table.tests[name], table.cells[target, name]) for name in failing]
    prompt = solving.roles["coder"].style.repair(solving.problem, table.candidates[target].text, failures)
    return Ask("coder", f"repair/{round_}/{target}", prompt, n, parent=target)


def _failure(test: UnitTest, cell: Cell) -> Failure:
    got = cell.stdout if cell.verdict is Verdict.OK else ""
    error = "" if cell.verdict is Verdict.OK else f"{cell.verdict}: {cell.reason}\n{cell.stderr_tail}".strip()
    return Failure(test, got, error)
