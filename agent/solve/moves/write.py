"""The move that asks for all programs at once, and for tests where a strategy wants some."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from agent.solve.asking import Ask, ask
from agent.solve.reading import Reading
from agent.solve.solving import Solving
from agent.solve.task import ColumnT, RowT
from cure.prompts.alphacodium import program_words


@dataclass(frozen=True)
class Write:
    """Ask the coder for n programs, and the tester for m tests unless `tests` is False.

    Keys and seeds are those of the first round of `cure`, so that strategies which are compared share the samples;
    programs by a plan have others.
    """

    name: ClassVar = "write"
    doing: ClassVar = "writing programs"
    done: ClassVar = "wrote programs"
    asks_for_samples: ClassVar = True
    why: str = "nothing is there yet"
    targets: tuple[str, ...] = ()
    tests: bool = True
    plan: str = ""
    """Key of a request whose answer the coder is given as the plan to follow; empty for none."""

    async def carry_out(self, solving: Solving[RowT, ColumnT], readings: Sequence[Reading[RowT, ColumnT]]) -> None:
        """Ask for `settings.n` programs and `settings.m` tests."""
        task, settings = solving.task, solving.settings
        prompt, key = task.coder(), "coder/1"
        plans = solving.texts(self.plan) if self.plan else []
        if plans and (planned := task.instruct("coder", partial(program_words, plan=plans[0]))):
            prompt, key = planned, "coder/plan"
        wanted = [Ask("coder", key, prompt, settings.n)]
        if self.tests:
            wanted.append(Ask("tester", "tester/1", task.tester(), settings.m))
        await ask(solving, len(readings) + 1, wanted)
