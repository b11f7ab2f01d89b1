"""The move that lets a model judge programs pairwise, by their outputs on inputs made to tell them apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations
from typing import ClassVar

from agent.solve.asking import Ask, ask
from agent.solve.new_columns import add_inputs
from agent.solve.reading import Reading
from agent.solve.solving import Solving
from agent.solve.task import ColumnT, RowT
from agent.solve.weighing import weigh
from cure.prompts.s_star import apart_words, blocks_in, inputs_words, judge_words, verdict_in
from cure.select.answer import viable
from cure.table import AnyTable, clusters
from cure.table.compare import normalise
from sandbox import Verdict

INPUTS = 6
"""Number of inputs that a request for inputs asks for, and the most that are taken from its answer."""
MOST_GROUPS = 4
"""Maximum number of behaviours that are compared in pairs: the most frequent ones."""

Pair = tuple[str, str]


@dataclass(frozen=True)
class Tournament:
    """Find the best of the candidates that may be the answer (`viable`), as S* (arXiv 2502.14382) does.

    The tester writes inputs; candidates with equal outputs form groups. For each pair of the MOST_GROUPS largest groups
    the tester writes inputs that tell the two apart, and the coder is asked twice, once in each order of the two, which
    output is right. Each answer in favour of a group counts as half a win.
    """

    name: ClassVar = "tournament"
    doing: ClassVar = "judging programs pairwise"
    done: ClassVar = "judged programs pairwise"
    asks_for_samples: ClassVar = False
    why: str
    targets: tuple[str, ...] = ()

    async def carry_out(self, solving: Solving[RowT, ColumnT], readings: Sequence[Reading[RowT, ColumnT]]) -> None:
        """Ask for inputs, then for inputs of each pair, then for judgements, and weigh the candidates by their wins."""
        round_ = len(readings) + 1
        await self._add(solving, round_, {f"synthesis/{round_}": partial(inputs_words, count=INPUTS)})
        groups = _groups(solving.table())
        pairs = [(a[0], b[0]) for a, b in combinations(groups[:MOST_GROUPS], 2)]
        texts = {name: row.text for name, row in solving.table().candidates.items()}
        wanted = {
            f"synthesis/{round_}/{a}-{b}": partial(apart_words, a=texts[a], b=texts[b], count=INPUTS) for a, b in pairs
        }
        await self._add(solving, round_, wanted)
        table = solving.table()
        asks: dict[str, tuple[Ask, Pair]] = {}
        for first, second in pairs:
            for a, b in ((first, second), (second, first)):
                key = f"judgement/{round_}/{a}-{b}"
                if (found := _difference(table, a, b)) is None:
                    continue
                stdin, outputs = found
                words = partial(judge_words, a=texts[a], b=texts[b], stdin=stdin, outputs=outputs)
                if prompt := solving.task.instruct("coder", words):
                    asks[key] = Ask("coder", key, prompt, 1, gives="judgement"), (a, b)
        await ask(solving, round_, [each for each, _ in asks.values()])
        wins: Counter[str] = Counter()
        for key, (_, (a, b)) in asks.items():
            for verdict in map(verdict_in, solving.texts(key)):
                if verdict is not None:
                    wins[a if verdict == "A" else b] += 1
        if wins or len(groups) == 1:
            scores = {name: wins[group[0]] / 2 for group in groups for name in group}
            weigh(solving, round_, "pairs won", scores)

    async def _add(self, solving: Solving[RowT, ColumnT], round_: int, wanted: Mapping[str, partial[str]]) -> None:
        """Ask the tester for inputs and run all candidates on them. `wanted`: instructions, by the key of a request."""
        prompts = {key: solving.task.instruct("tester", words) for key, words in wanted.items()}
        asks = [Ask("tester", key, prompt, 1, gives="inputs") for key, prompt in prompts.items() if prompt is not None]
        await ask(solving, round_, asks)
        for each in asks:
            table = solving.table()
            known = {normalise(test.stimulus) for test in table.tests.values()}
            texts = {normalise(text): text for answer in solving.texts(each.key) for text in blocks_in(answer)}
            how = "written by the tester"
            new = [solving.task.input_of(text, how) for plain, text in texts.items() if plain not in known]
            await add_inputs(solving, round_, each.key, [(column, how) for column in new[:INPUTS]])


def _groups(table: AnyTable) -> list[list[str]]:
    """The candidates that may be the answer (`viable`), in groups that behave alike, the largest first."""
    groups = [[name for name in group if viable(table, name)] for group in clusters(table)]
    return sorted(filter(None, groups), key=len, reverse=True)


def _difference(table: AnyTable, a: str, b: str) -> tuple[str, tuple[str, str]] | None:
    """The newest input on which the two candidates print different outputs, and these outputs; None where there is no
    such input. Trusted tests are left out. The output of an execution that did not end `ok` counts as empty.
    """
    for name in reversed(table.compared):
        cells = table.cells.get((a, name)), table.cells.get((b, name))
        if None in cells or table.tests[name].trusted:
            continue
        outputs = tuple(cell.stdout if cell.verdict is Verdict.OK else "" for cell in cells if cell is not None)
        if normalise(outputs[0]) != normalise(outputs[1]):
            return table.tests[name].stimulus, (outputs[0], outputs[1])
    return None
