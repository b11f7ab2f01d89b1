"""Runs programs on inputs in the sandbox. No other module of `cure`, `agent` or `evaluator` makes sandbox jobs."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing

from cure.table.judging import Judging
from sandbox import Execution, Job, Sandbox

ProgramInput = tuple[str, str]
"""Source of a program, and a text for its standard input."""


async def run_pairs(
    sandbox: Sandbox, wanted: Mapping[str, Sequence[str]], judging: Judging
) -> AsyncGenerator[tuple[ProgramInput, Execution], None]:
    """An execution of each program on each of its wanted inputs, as each finishes; one job per program."""
    programs = [(source, inputs) for source, inputs in wanted.items() if inputs]
    jobs = [
        Job(
            key=str(number),
            source=source,
            inputs=tuple(text.encode(errors="replace") for text in inputs),
            limits=judging.limits,
            strict=judging.strict,
            give_up_after=judging.give_up_after,
        )
        for number, (source, inputs) in enumerate(programs)
    ]
    if not jobs:
        return
    async with aclosing(sandbox.run(jobs)) as executions:
        async for execution in executions:
            source, inputs = programs[int(execution.job)]
            yield (source, inputs[execution.index]), execution
