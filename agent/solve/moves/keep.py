"""The move that puts a candidate first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from agent.solve.reading import Reading
from agent.solve.solving import Solving
from agent.solve.task import ColumnT, RowT
from agent.solve.weighing import weigh


@dataclass(frozen=True)
class Keep:
    """Rank the targets before all other candidates, whatever scores the selector gives."""

    name: ClassVar = "keep"
    doing: ClassVar = "taking the program of the strategy"
    done: ClassVar = "took the program of the strategy"
    asks_for_samples: ClassVar = False
    why: str
    targets: tuple[str, ...]

    async def carry_out(self, solving: Solving[RowT, ColumnT], readings: Sequence[Reading[RowT, ColumnT]]) -> None:
        """Give the target the highest score."""
        weigh(solving, len(readings) + 1, "kept by the strategy", dict.fromkeys(self.targets, 1.0))
