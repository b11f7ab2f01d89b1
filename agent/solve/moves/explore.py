"""The move that runs the candidates on new inputs, made without a model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from agent.solve.asking import request_seed
from agent.solve.new_columns import add_inputs
from agent.solve.reading import Reading
from agent.solve.solving import Solving
from agent.solve.task import ColumnT, RowT
from cure.table import ExecutionTable
from sandbox import Verdict


@dataclass(frozen=True)
class Explore:
    """Make new inputs by changing known ones, and run every candidate on the new inputs. What a right program prints on
    these inputs is unknown, but they show which candidates behave alike.
    """

    name: ClassVar = "explore"
    doing: ClassVar = "trying new inputs"
    done: ClassVar = "tried new inputs"
    asks_for_samples: ClassVar = False
    why: str
    targets: tuple[str, ...] = ()
    """Candidates to tell apart."""

    async def carry_out(self, solving: Solving[RowT, ColumnT], readings: Sequence[Reading[RowT, ColumnT]]) -> None:
        """Add up to `settings.new_inputs` inputs, until `settings.new_inputs_seconds` are over.

        The new inputs depend only on the problem's statement, the seed of the run, the number of the round, and the
        known inputs that are trusted or on which some candidate ended `ok`.
        """
        round_, table, settings = len(readings) + 1, readings[-1].table, solving.settings
        key = f"inputs/{round_}"
        made = solving.task.new_inputs(_parents(table), settings.new_inputs, request_seed(settings.seed, key))
        await add_inputs(solving, round_, key, made)


def _parents(table: ExecutionTable[RowT, ColumnT]) -> dict[str, ColumnT]:
    """The columns whose inputs are probably well-formed: trusted ones, and those on which some candidate ended `ok`."""
    well = {name for (_, name), cell in table.cells.items() if cell.verdict is Verdict.OK}
    return {name: test for name, test in table.tests.items() if test.trusted or name in well}
