"""The answers that a recorded run would have given after fewer tokens."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from agent.runs.events import Sampled
from agent.runs.outcome import Outcome
from agent.runs.state import RunState
from cure.select import Selector
from cure.select.answer import answer_of, viable
from cure.table import AnyTable, ExecutionTable


@dataclass(frozen=True)
class Step:
    """From this number of tokens on, the run's answer is this program."""

    tokens: int
    program: str | None
    """Source of the program; None where there is no program to hand over."""


def anytime(outcome: Outcome, select: Selector) -> list[Step]:
    """The answers of the run by the tokens spent, beginning with none at 0 tokens; a step for each change.

    The samples of a round are taken one by one, programs and tests in turn, in the order in which they were requested
    and not in that of their arrival. Executions cost no tokens: after each sample, all programs so far have run on all
    tests so far, and `select` ranks them. After the last sample of a round the round's recorded ranking counts, and
    after the last round the run's own answer.
    """
    state, table = outcome.state, outcome.table
    programs = {(added.key, added.index): name for name, added in state.candidates.items()}
    tests = {(added.key, added.index): name for name, added in state.tests.items() if added.key}
    seen = [name for name, added in state.tests.items() if not added.key]
    steps, tokens = [Step(0, None)], 0
    have: list[str] = []

    def add(answer: str | None) -> None:
        program = None if answer is None else table.candidates[answer].text
        if program != steps[-1].program:
            steps.append(Step(tokens, program))

    for round_ in sorted(state.rankings):
        for sample in _in_turn(state, round_):
            tokens += sample.prompt_tokens + sample.completion_tokens
            place = sample.key, sample.index
            if place in programs:
                have.append(programs[place])
            if place in tests:
                seen.append(tests[place])
            if place in programs or place in tests:
                part = _part(table, have, seen)
                add(answer_of(part, select(part)))
        seen += [name for (key, _), name in tests.items() if name not in seen and _made_in(key, round_)]
        part = _part(table, have, seen)
        add(next((name for name in state.rankings[round_].order if viable(part, name)), None))
    tokens = state.tokens
    add(outcome.chosen)
    return steps


def _in_turn(state: RunState, round_: int) -> Iterator[Sampled]:
    """The round's samples: the first of each request, the second of each, and so on."""
    keys = [key for key, asked in state.asked.items() if asked.round == round_]
    found = [(index, at, sample) for at, key in enumerate(keys) for index, sample in state.samples.get(key, {}).items()]
    return (sample for _, _, sample in sorted(found, key=lambda each: each[:2]))


def _made_in(key: str, round_: int) -> bool:
    """Whether the key is of tests or inputs made in this round."""
    return key.split("/")[1:2] == [str(round_)]


def _part(table: AnyTable, candidates: Collection[str], tests: Collection[str]) -> AnyTable:
    """The table with these candidates and tests alone, in the order of the table."""
    rows, columns = set(candidates), set(tests)
    return ExecutionTable(
        {name: row for name, row in table.candidates.items() if name in rows},
        {name: column for name, column in table.tests.items() if name in columns},
        {place: cell for place, cell in table.cells.items() if place[0] in rows and place[1] in columns},
    )
