"""The move that draws further samples of the first round's requests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from agent.solve.asking import FIRST, Ask, ask
from agent.solve.reading import Reading
from agent.solve.solving import Solving
from agent.solve.task import ColumnT, RowT
from cure.select.stopping import Drawn


@dataclass(frozen=True, kw_only=True)
class Draw:
    """Continue the requests of the first round: the same prompts, seeds numbered on, so that the table is the one that
    requesting all samples at once would have given. A round with this move is not counted in `settings.rounds`.
    """

    name: ClassVar = "draw"
    doing: ClassVar = "drawing more samples"
    done: ClassVar = "drew more samples"
    asks_for_samples: ClassVar = True
    why: str
    targets: tuple[str, ...] = ()
    programs: int
    """Number of further programs to request."""
    tests: int
    """Number of further tests to request."""
    drawn: Drawn
    """Numbers of programs and tests requested before."""

    async def carry_out(self, solving: Solving[RowT, ColumnT], readings: Sequence[Reading[RowT, ColumnT]]) -> None:
        """Ask for the further programs and tests."""
        task = solving.task
        wanted = [
            Ask("coder", FIRST["coder"], task.coder(), self.programs, start=self.drawn.programs),
            Ask("tester", FIRST["tester"], task.tester(), self.tests, start=self.drawn.tests),
        ]
        await ask(solving, len(readings) + 1, wanted)
