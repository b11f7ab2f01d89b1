"""The move that asks the coder to think about the problem before it writes programs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from agent.solve.asking import Ask, ask
from agent.solve.reading import Reading
from agent.solve.solving import Solving
from agent.solve.task import ColumnT, RowT
from cure.prompts.alphacodium import reflection_words, solutions_words

REFLECTION, SOLUTIONS = "reflection", "solutions"
"""Keys of the two requests."""


@dataclass(frozen=True)
class Reflect:
    """Ask for a reflection on the problem and its examples, then for possible solutions and the choice of one."""

    name: ClassVar = "reflect"
    doing: ClassVar = "reflecting on the problem"
    done: ClassVar = "reflected on the problem"
    asks_for_samples: ClassVar = False
    why: str = "nothing is there yet"
    targets: tuple[str, ...] = ()

    async def carry_out(self, solving: Solving[RowT, ColumnT], readings: Sequence[Reading[RowT, ColumnT]]) -> None:
        """Ask for the two texts, the second with the first in its prompt."""
        round_ = len(readings) + 1
        if prompt := solving.task.instruct("coder", reflection_words):
            await ask(solving, round_, [Ask("coder", REFLECTION, prompt, 1, gives=REFLECTION)])
        for text in solving.texts(REFLECTION):
            if prompt := solving.task.instruct("coder", partial(solutions_words, reflection=text)):
                await ask(solving, round_, [Ask("coder", SOLUTIONS, prompt, 1, gives=SOLUTIONS)])
