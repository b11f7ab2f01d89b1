"""The move that runs the candidates on inputs of a generator, a program that the coder writes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from agent.runs.events import Asked
from agent.solve.asking import Ask, ask
from agent.solve.helpers import run_helpers
from agent.solve.new_columns import add_inputs
from agent.solve.reading import Reading
from agent.solve.solving import Solving
from agent.solve.task import ColumnT, Rejection, RowT
from cure.inputs.generated import GENERATED, calling, inputs_in
from cure.prompts.generator import generator_words
from engines import prompt_text

SHARE = 0.1
"""Tokens that the generator may cost at most, as a share of those used before."""
LEAST_TOKENS = 150
"""Tokens of an answer below which no generator is asked for."""
CHARACTERS_PER_TOKEN = 3
"""Low estimate of the characters per token of a prompt, so that its tokens are not underestimated."""


@dataclass(frozen=True)
class Generate:
    """Ask the coder for one program that generates inputs, and run every candidate on up to `settings.new_inputs` of
    them. What a right program prints on them is unknown. Inputs on which no candidate ends `ok` are malformed, and
    count for nothing.

    The request may cost a tenth of the tokens used before; where its prompt leaves too few of them, nothing happens.
    """

    name: ClassVar = "generate"
    doing: ClassVar = "asking for a generator of inputs"
    done: ClassVar = "tried the inputs of a generator"
    asks_for_samples: ClassVar = False
    why: str
    targets: tuple[str, ...] = ()
    """Candidates to tell apart."""

    async def carry_out(self, solving: Solving[RowT, ColumnT], readings: Sequence[Reading[RowT, ColumnT]]) -> None:
        """Ask for the generator, run it, and add its inputs."""
        round_, table = len(readings) + 1, readings[-1].table
        key = f"generator/{round_}"
        prompt = solving.task.instruct("coder", generator_words)
        if prompt is None:
            return
        tokens = int(SHARE * solving.left(readings).tokens) - len(prompt_text(prompt)) // CHARACTERS_PER_TOKEN
        longest = min(tokens, solving.settings.max_tokens)
        if longest < LEAST_TOKENS:
            return
        await ask(solving, round_, [Ask("coder", key, prompt, 1, gives="generator", max_tokens=longest)])
        sources = [_source(solving, solving.recorder.state.asked[key], text) for text in solving.texts(key)]
        programs = [(calling(source, solving.settings.new_inputs), "") for source in sources if source]
        for ran in await run_helpers(solving, programs):
            texts = inputs_in(solving.recorder.text(ran.stdout), [test.stimulus for test in table.tests.values()])
            made = [(solving.task.input_of(text, GENERATED), GENERATED) for text in texts]
            await add_inputs(solving, round_, key, made)


def _source(solving: Solving[RowT, ColumnT], asked: Asked, text: str) -> str | None:
    """The program in an answer; None where there is none."""
    found = solving.task.read_candidate(asked, text)
    return None if isinstance(found, Rejection) else found.text
