"""Asks the engines for a step's answers and runs each task's table as soon as its answers are in."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import cast

from cure.prompts import PromptStyle
from engines import Completion, Engine, Request, Sampling, TokenPrompt
from engines.protocol import Prompt
from sandbox import Sandbox
from trainer.errors import EngineFailed
from trainer.rollout.answers import Answer, Answers, RoleName, Table
from trainer.rollout.execute import ExecutionRules, execute
from trainer.rollout.tasks import Task, seed_of


@dataclass(frozen=True)
class Seat:
    """One role at work: who answers, what it is asked, how often."""

    role: RoleName
    engine: Engine
    style: PromptStyle
    samples: int
    sampling: Sampling
    encode: Callable[[Prompt], list[int]] | None = None
    """Turns a prompt into the token ids the answer is trained behind; None for a model that is not trained."""
    most_prompt_tokens: int = 1 << 30

    def prompt(self, task: Task) -> Prompt:
        """What the role is asked."""
        problem = task.problem
        asked = self.style.coder(problem) if self.role == "coder" else self.style.tester(problem)
        return asked if self.encode is None else TokenPrompt(tuple(self.encode(asked)))


@dataclass(frozen=True)
class Event:
    """Progress of a roll-out, for a display."""

    kind: str
    """`answer`, `table`."""
    slot: int
    role: RoleName | None = None
    tokens: int = 0


@dataclass(frozen=True)
class Rollout:
    """What a step sampled and ran."""

    answers: list[Answers]
    tables: list[Table]
    too_long: int
    """Tasks left out because a prompt was too long."""
    sampling_s: float
    """Until the last answer was in."""
    waiting_s: float
    """From then until the last table was complete."""


def ask(
    seats: Sequence[Seat], tasks: Sequence[Task], seed: int, step: int | str
) -> tuple[list[tuple[Seat, list[Request]]], list[int]]:
    """The requests to each seat, longest expected first left to the engine, and the slots of tasks left out.

    Seeds are functions of the run's seed, the step, the task and the role.
    """
    prompts = {task.slot: [seat.prompt(task) for seat in seats] for task in tasks}
    left_out = [
        task.slot
        for task in tasks
        if any(
            isinstance(prompt, TokenPrompt) and len(prompt.token_ids) > seat.most_prompt_tokens
            for seat, prompt in zip(seats, prompts[task.slot], strict=True)
        )
    ]
    asked = []
    for number, seat in enumerate(seats):
        requests = []
        for task in tasks:
            if task.slot in left_out:
                continue
            drawn = seed_of(seed, step, task.slot, task.index, seat.role)
            sampling = Sampling(
                seat.sampling.temperature,
                seat.sampling.top_p,
                seat.sampling.top_k,
                seat.sampling.max_tokens,
                drawn,
                seat.sampling.stop,
            )
            key = f"{task.slot}/{seat.role}"
            requests.append(Request(key, prompts[task.slot][number], seat.samples, sampling))
        asked.append((seat, requests))
    return asked, left_out


async def roll_out(
    seats: Sequence[Seat],
    tasks: Sequence[Task],
    seed: int,
    step: int | str,
    box: Sandbox,
    rules: ExecutionRules,
    on_event: Callable[[Event], None] = lambda _: None,
) -> Rollout:
    """Answers and tables of the tasks. Raises EngineFailed when an engine answers nothing at all.

    All that an engine is asked goes to it in one call: what it decodes side by side, and so every bit of its
    arithmetic, depends on the requests alone and not on the clock.
    """
    asked, left_out = ask(seats, tasks, seed, step)
    kept = [task for task in tasks if task.slot not in left_out]
    begun = time.monotonic()
    gathered = _Gathered(seats, kept, asked)
    tables: list[asyncio.Task[Table]] = []

    async def listen(engine: Engine, requests: list[Request]) -> None:
        async with aclosing(engine.complete(requests)) as completions:
            async for completion in completions:
                task = gathered.take(completion)
                slot, role = _split(completion.key)
                on_event(Event("answer", slot, role, len(completion.token_ids or ())))
                if task is not None:
                    tables.append(asyncio.create_task(run(task)))

    async def run(task: Task) -> Table:
        table = await execute(gathered.answers(task), task.problem, box, rules)
        on_event(Event("table", task.slot))
        return table

    by_engine: dict[int, tuple[Engine, list[Request]]] = {}
    for seat, requests in asked:
        by_engine.setdefault(id(seat.engine), (seat.engine, []))[1].extend(requests)
    try:
        async with asyncio.TaskGroup() as listening:
            for engine, requests in by_engine.values():
                listening.create_task(listen(engine, _interleaved(requests)))
        sampled = time.monotonic()
        complete = await asyncio.gather(*tables)
    except BaseExceptionGroup as group:
        raise group.exceptions[0] from None
    finally:
        for table in tables:
            table.cancel()
    gathered.check()
    answers = [gathered.answers(task) for task in kept]
    done = time.monotonic()
    in_order = sorted(complete, key=lambda table: table.slot)
    return Rollout(answers, in_order, len(left_out), sampled - begun, done - sampled)


async def run_tables(
    answers: Sequence[Answers],
    tasks: Sequence[Task],
    box: Sandbox,
    rules: ExecutionRules,
    on_event: Callable[[Event], None] = lambda _: None,
) -> list[Table]:
    """The tables of answers that were sampled before."""
    problems = {task.slot: task.problem for task in tasks}

    async def run(one: Answers) -> Table:
        table = await execute(one, problems[one.slot], box, rules)
        on_event(Event("table", one.slot))
        return table

    return list(await asyncio.gather(*map(run, answers)))


def _interleaved(requests: list[Request]) -> list[Request]:
    """Requests of one task side by side, so that tasks are complete one after another."""
    return sorted(requests, key=lambda request: _split(request.key)[0])


def _split(key: str) -> tuple[int, RoleName]:
    slot, _, role = key.partition("/")
    return int(slot), cast(RoleName, role)


class _Gathered:
    """Completions as they come in, by task."""

    def __init__(self, seats: Sequence[Seat], tasks: Sequence[Task], asked: list[tuple[Seat, list[Request]]]) -> None:
        self._seats = seats
        self._tasks = {task.slot: task for task in tasks}
        self._prompts: dict[tuple[int, RoleName], tuple[int, ...]] = {}
        for seat, requests in asked:
            for request in requests:
                ids = request.prompt.token_ids if isinstance(request.prompt, TokenPrompt) else ()
                self._prompts[_split(request.key)[0], seat.role] = ids
        self._answers: dict[tuple[int, RoleName], list[Answer | None]] = {
            (task.slot, seat.role): [None] * seat.samples for task in tasks for seat in seats
        }
        self._missing = {task.slot: sum(seat.samples for seat in seats) for task in tasks}

    def take(self, completion: Completion) -> Task | None:
        """Keep an answer; the task, if it was its last."""
        slot, role = _split(completion.key)
        self._answers[slot, role][completion.index] = Answer(
            completion.text,
            completion.finish,
            completion.token_ids or (),
            completion.logprobs or (),
            completion.weights_version,
            completion.error,
        )
        self._missing[slot] -= 1
        return None if self._missing[slot] else self._tasks[slot]

    def answers(self, task: Task) -> Answers:
        """Everything answered to a task."""
        answers: dict[RoleName, tuple[Answer, ...]] = {}
        for seat in self._seats:
            known = self._answers[task.slot, seat.role]
            answers[seat.role] = tuple(one for one in known if one is not None)
        prompts = {seat.role: self._prompts[task.slot, seat.role] for seat in self._seats}
        return Answers(task.slot, task.index, prompts, answers)

    def check(self) -> None:
        """Raise EngineFailed where a role has no answer that is not an error."""
        for seat in self._seats:
            every = [one for (_, role), many in self._answers.items() if role == seat.role for one in many]
            errors = [one.error for one in every if one is not None and one.error]
            if every and len(errors) == len(every):
                raise EngineFailed(f"{seat.engine.spec} answered nothing as {seat.role}: {errors[0]}")
