"""The move in which the tester refines tests after it has seen what a program does on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from agent.solve.asking import Ask, ask
from agent.solve.reading import Reading
from agent.solve.solving import AnySolving, Solving
from agent.solve.task import ColumnT, RowT
from agent.solve.weighing import weigh
from cure.problem import UnitTest
from cure.prompts.agentic_tests import refinement_words
from cure.table import AnyTable
from sandbox import SandboxError, Verdict


@dataclass(frozen=True)
class Refine:
    """Show the tester each generated test that the target fails, with what the target printed or how it ended, and ask
    for the test again. A refined test replaces the one it was made from: replaced tests are neither shown nor counted
    again.
    """

    name: ClassVar = "refine"
    doing: ClassVar = "refining tests"
    done: ClassVar = "refined tests"
    asks_for_samples: ClassVar = True
    why: str
    targets: tuple[str, ...]
    """Name of the one program whose failed tests are refined."""

    async def carry_out(self, solving: Solving[RowT, ColumnT], readings: Sequence[Reading[RowT, ColumnT]]) -> None:
        """Ask for the refined tests, run all programs on them, and weigh the programs by how many tests they pass."""
        round_, table = len(readings) + 1, readings[-1].table
        wanted = []
        for name in newest(solving, table):
            test, cell = table.tests[name], table.cells.get((self.targets[0], name))
            if cell is None or not cell.known or cell.passed or not isinstance(test, UnitTest):
                continue
            printed = cell.stdout if cell.verdict is Verdict.OK else f"{cell.verdict}: {cell.reason}"
            words = partial(refinement_words, test=test, printed=printed)
            if prompt := solving.task.instruct("tester", words):
                wanted.append(Ask("tester", f"refine/{round_}/{name}", prompt, 1))
        await ask(solving, round_, wanted)
        try:
            await solving.growing.settle()
        except SandboxError:
            return  # The next step of the graph meets the same failure.
        table = solving.table()
        tests = newest(solving, table)
        scores = {name: float(sum(table.passes(name, test) for test in tests)) for name in table.candidates}
        weigh(solving, round_, "refined tests passed", scores)


def newest(solving: AnySolving, table: AnyTable) -> list[str]:
    """Names of the generated tests that no refined test replaces; tests that repeat an example's input are left out."""
    keys = [test.key.split("/") for test in solving.recorder.state.tests.values()]
    replaced = {key[2] for key in keys if key[0] == "refine"}
    return [name for name in table.names(trusted=False) if name not in replaced]
