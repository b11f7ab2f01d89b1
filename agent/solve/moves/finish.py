"""The move that ends a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from agent.solve.reading import Reading
from agent.solve.solving import Solving
from agent.solve.task import ColumnT, RowT


@dataclass(frozen=True)
class Finish:
    """End the run with the answer found so far."""

    name: ClassVar = "finish"
    doing: ClassVar = ""
    done: ClassVar = "stopped"
    asks_for_samples: ClassVar = False
    why: str
    targets: tuple[str, ...] = ()

    async def carry_out(self, solving: Solving[RowT, ColumnT], readings: Sequence[Reading[RowT, ColumnT]]) -> None:
        """Do nothing: the graph ends here."""
