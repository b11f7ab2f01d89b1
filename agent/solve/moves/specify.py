"""The move that asks for specifications, and weighs programs by their agreement with specifications and tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from agent.solve.asking import Ask, ask
from agent.solve.helpers import run_helpers
from agent.solve.reading import Reading
from agent.solve.solving import Solving
from agent.solve.task import ColumnT, Rejection, RowT
from agent.solve.weighing import weigh
from cure.consistency.graph import Floats, consistency
from cure.consistency.specifications import answers, asking, questions
from cure.prompts.mpsc import specification_words
from cure.table import AnyTable
from sandbox import Verdict


@dataclass(frozen=True)
class Specify:
    """Ask the tester for m specifications (pre- and post-conditions in Python), run these on all inputs and outputs of
    the table, and weigh the programs by multi-perspective self-consistency.
    """

    name: ClassVar = "specify"
    doing: ClassVar = "asking for specifications"
    done: ClassVar = "asked for specifications"
    asks_for_samples: ClassVar = False
    why: str
    targets: tuple[str, ...] = ()

    async def carry_out(self, solving: Solving[RowT, ColumnT], readings: Sequence[Reading[RowT, ColumnT]]) -> None:
        """Ask for `settings.m` specifications, run them, and score the candidates."""
        round_, table = len(readings) + 1, readings[-1].table
        key = f"specification/{round_}"
        prompt = solving.task.instruct("tester", specification_words)
        if prompt is not None and solving.settings.m:
            await ask(solving, round_, [Ask("tester", key, prompt, solving.settings.m, gives="specification")])
        sources = list[str]()
        for text in solving.texts(key):
            found = solving.task.read_candidate(solving.recorder.state.asked[key], text)
            if not isinstance(found, Rejection):
                sources.append(asking(found.text))
        pairs = _pairs(table)
        ran = await run_helpers(solving, [(source, questions(pairs)) for source in sources])
        held = [dict(zip(pairs, answers(solving.recorder.text(each.stdout), len(pairs)), strict=True)) for each in ran]
        scores = consistency(_weights(table, held), [len(table.candidates), len(held), len(_tests(table))])
        weigh(solving, round_, "consistency", dict(zip(table.candidates, np.round(scores, 9), strict=False)))


def _tests(table: AnyTable) -> list[str]:
    return table.names(trusted=False)


def _pairs(table: AnyTable) -> list[tuple[str, str]]:
    """Every input of an independent test, with each output that is expected or that a program printed on it."""
    found: dict[tuple[str, str], None] = {}
    for name in table.independent:
        test = table.tests[name]
        if test.expected is not None:
            found[test.stimulus, test.expected] = None
        for candidate in table.candidates:
            cell = table.cells.get((candidate, name))
            if cell is not None and cell.verdict is Verdict.OK:
                found[test.stimulus, cell.stdout] = None
    return list(found)


def _weights(table: AnyTable, held: Sequence[dict[tuple[str, str], bool]]) -> Floats:
    """(vertices, vertices) weights between programs, specifications and generated tests, in this order.

    Program and test: whether it passes. Program and specification: the share of inputs on which the specification holds
    for the program's output. Specification and test: whether it holds for the input and the expected output.
    """
    candidates, tests = list(table.candidates), _tests(table)
    n, k = len(candidates), len(held)
    weights: Floats = np.zeros((n + k + len(tests), n + k + len(tests)))
    for row, candidate in enumerate(candidates):
        for column, name in enumerate(tests):
            weights[row, n + k + column] = table.passes(candidate, name)
        outputs = [
            (table.tests[name].stimulus, cell.stdout if cell is not None and cell.verdict is Verdict.OK else None)
            for name in table.independent
            if (cell := table.cells.get((candidate, name))) is None or cell.known
        ]
        for column, holds in enumerate(held):
            well = [printed is not None and holds[stdin, printed] for stdin, printed in outputs]
            weights[row, n + column] = sum(well) / len(well) if well else 0.0
    for row, holds in enumerate(held):
        for column, name in enumerate(tests):
            weights[n + row, n + k + column] = holds[table.tests[name].stimulus, table.tests[name].expected or ""]
    return weights + weights.T
