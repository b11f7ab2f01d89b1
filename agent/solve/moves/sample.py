"""The move that samples programs and tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from agent.solve.asking import Ask, ask
from agent.solve.reading import Reading
from agent.solve.solving import Solving
from agent.solve.task import ColumnT, RowT

LATER_SHARE = 2
"""A round after the first asks for n / LATER_SHARE programs and m / LATER_SHARE tests."""


@dataclass(frozen=True)
class Sample:
    """Ask the coder for programs and the tester for tests."""

    name: ClassVar = "more"
    doing: ClassVar = "sampling more"
    done: ClassVar = "sampled more"
    asks_models: ClassVar = True
    why: str = "nothing is there yet"
    targets: tuple[str, ...] = ()

    async def carry_out(self, solving: Solving[RowT, ColumnT], readings: Sequence[Reading[RowT, ColumnT]]) -> None:
        """Ask for n programs and m tests in the first round, for half as many later."""
        round_, task = len(readings) + 1, solving.task
        share = 1 if round_ == 1 else LATER_SHARE
        n, m = -(-solving.settings.n // share), -(-solving.settings.m // share)
        wanted = [
            Ask("coder", f"coder/{round_}", task.coder(), n),
            Ask("tester", f"tester/{round_}", task.tester(), m),
        ]
        await ask(solving, round_, wanted)
