"""Asks the engines for answers and runs each task's table as soon as the task's answers are in."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

from cure.prompts import PromptStyle
from engines import Completion, Engine, Prompt, Request, Sampling, TokenPrompt
from sandbox import Sandbox
from trainer.errors import EngineFailed
from trainer.rollout.answers import Answer, RoleName, TaskAnswers, TaskTable
from trainer.rollout.execute import ExecutionRules, execute
from trainer.rollout.tasks import Task, seed_of


@dataclass(frozen=True, kw_only=True)
class RoleSampler:
    """One role: its engine, prompts, sampling settings and number of answers."""

    role: RoleName
    engine: Engine
    style: PromptStyle
    samples: int
    """Answers to each task."""
    sampling: Sampling
    encode: Callable[[Prompt], list[int]] | None = None
    """Turns a prompt into token ids, in which the answers are trained; None for a model that is not trained."""
    most_prompt_tokens: int = 1 << 30

    def prompt(self, task: Task) -> Prompt:
        """The prompt for this task: token ids for a model that is trained."""
        asked = self.style.coder(task.problem) if self.role == "coder" else self.style.tester(task.problem)
        return asked if self.encode is None else TokenPrompt(tuple(self.encode(asked)))


@dataclass(frozen=True)
class RolloutEvent:
    """Progress of a rollout, for a display."""

    kind: str
    """`answer` or `table`."""
    slot: int
    role: RoleName | None = None
    tokens: int = 0


@dataclass(frozen=True)
class Rollout:
    """Sampled answers and the tables of running them, in the order of slots."""

    answers: list[TaskAnswers]
    tables: list[TaskTable]
    too_long: int
    """Tasks left out because a prompt was too long."""
    sampling_s: float
    """Seconds until the last answer was in."""
    waiting_s: float
    """Seconds from the last answer to the last complete table."""


def join_rollouts(parts: Sequence[Rollout]) -> Rollout:
    """The rollouts of all processes as one; the times are those of the slowest process."""
    return Rollout(
        sorted((answers for part in parts for answers in part.answers), key=lambda answers: answers.slot),
        sorted((table for part in parts for table in part.tables), key=lambda table: table.slot),
        sum(part.too_long for part in parts),
        max(part.sampling_s for part in parts),
        max(part.waiting_s for part in parts),
    )


@dataclass(frozen=True)
class Question:
    """The request to one role for its answers to one task."""

    task: Task
    sampler: RoleSampler
    request: Request


def questions_of(
    samplers: Sequence[RoleSampler], tasks: Sequence[Task], seed: int, step: int | str
) -> tuple[list[Question], list[Task]]:
    """The questions of the tasks, all roles of a task side by side, and the tasks without a prompt that is too long.

    Seeds are functions of the run's seed, the step, the task and the role.
    """
    questions: list[Question] = []
    kept = []
    for task in tasks:
        prompts = [sampler.prompt(task) for sampler in samplers]
        if any(map(_is_too_long, prompts, samplers)):
            continue
        kept.append(task)
        for sampler, prompt in zip(samplers, prompts, strict=True):
            sampling = replace(sampler.sampling, seed=seed_of(seed, step, task.slot, task.index, sampler.role))
            request = Request(f"{task.slot}/{sampler.role}", prompt, sampler.samples, sampling)
            questions.append(Question(task, sampler, request))
    return questions, kept


def _is_too_long(prompt: Prompt, sampler: RoleSampler) -> bool:
    return isinstance(prompt, TokenPrompt) and len(prompt.token_ids) > sampler.most_prompt_tokens


async def roll_out(
    samplers: Sequence[RoleSampler],
    tasks: Sequence[Task],
    seed: int,
    step: int | str,
    sandbox: Sandbox,
    rules: ExecutionRules,
    on_event: Callable[[RolloutEvent], None] = lambda _: None,
) -> Rollout:
    """Answers and tables of the tasks. Raises EngineFailed where an engine gives no answer to any task.

    An engine gets all its requests in one call, so which answers it decodes side by side, and thereby every bit of its
    arithmetic, depends on the requests alone and not on the clock.
    """
    questions, kept = questions_of(samplers, tasks, seed, step)
    begun = time.monotonic()
    gathered = _Gathered(questions)
    tables: list[asyncio.Task[TaskTable]] = []

    async def listen(engine: Engine, requests: list[Request]) -> None:
        async with aclosing(engine.complete(requests)) as completions:
            async for completion in completions:
                question = gathered.take(completion)
                slot, role = question.task.slot, question.sampler.role
                on_event(RolloutEvent("answer", slot, role, len(completion.token_ids or ())))
                if gathered.is_complete(question.task):
                    tables.append(asyncio.create_task(run(question.task)))

    async def run(task: Task) -> TaskTable:
        table = await execute(gathered.answers(task), task.problem, sandbox, rules)
        on_event(RolloutEvent("table", task.slot))
        return table

    by_engine: dict[int, tuple[Engine, list[Request]]] = {}
    for question in questions:
        engine = question.sampler.engine
        by_engine.setdefault(id(engine), (engine, []))[1].append(question.request)
    try:
        async with asyncio.TaskGroup() as listening:
            for engine, requests in by_engine.values():
                listening.create_task(listen(engine, requests))
        sampled = time.monotonic()
        complete = await asyncio.gather(*tables)
    except BaseExceptionGroup as group:
        raise group.exceptions[0] from None
    finally:
        for table in tables:
            table.cancel()
    gathered.check(samplers)
    answers = [gathered.answers(task) for task in kept]
    in_order = sorted(complete, key=lambda table: table.slot)
    return Rollout(answers, in_order, len(tasks) - len(kept), sampled - begun, time.monotonic() - sampled)


async def run_tables(
    answers: Iterable[TaskAnswers],
    tasks: Sequence[Task],
    sandbox: Sandbox,
    rules: ExecutionRules,
    on_event: Callable[[RolloutEvent], None] = lambda _: None,
) -> list[TaskTable]:
    """The tables of answers that were sampled before."""
    problems = {task.slot: task.problem for task in tasks}

    async def run(task_answers: TaskAnswers) -> TaskTable:
        table = await execute(task_answers, problems[task_answers.slot], sandbox, rules)
        on_event(RolloutEvent("table", task_answers.slot))
        return table

    return list(await asyncio.gather(*map(run, answers)))


class _Gathered:
    """Completions as they come in, by task and role."""

    def __init__(self, questions: Sequence[Question]) -> None:
        self._questions = {question.request.key: question for question in questions}
        self._of_task: dict[int, list[Question]] = {}
        for question in questions:
            self._of_task.setdefault(question.task.slot, []).append(question)
        self._answers: dict[str, list[Answer | None]] = {
            question.request.key: [None] * question.request.n for question in questions
        }

    def take(self, completion: Completion) -> Question:
        """The question that this completion answers; the answer is kept."""
        self._answers[completion.key][completion.index] = Answer(
            text=completion.text,
            finish=completion.finish,
            token_ids=completion.token_ids or (),
            logprobs=completion.logprobs or (),
            version=completion.weights_version,
            error=completion.error,
        )
        return self._questions[completion.key]

    def is_complete(self, task: Task) -> bool:
        """Whether every question about the task has all its answers."""
        return all(None not in self._answers[question.request.key] for question in self._of_task[task.slot])

    def answers(self, task: Task) -> TaskAnswers:
        """All answers to a task."""
        prompts: dict[RoleName, tuple[int, ...]] = {}
        answers: dict[RoleName, tuple[Answer, ...]] = {}
        for question in self._of_task[task.slot]:
            role, prompt = question.sampler.role, question.request.prompt
            prompts[role] = prompt.token_ids if isinstance(prompt, TokenPrompt) else ()
            answers[role] = tuple(answer for answer in self._answers[question.request.key] if answer is not None)
        return TaskAnswers(task.slot, task.index, prompts, answers)

    def check(self, samplers: Sequence[RoleSampler]) -> None:
        """Raise EngineFailed where all answers of a role are errors."""
        for sampler in samplers:
            keys = [key for key, question in self._questions.items() if question.sampler is sampler]
            answers = [answer for key in keys for answer in self._answers[key] if answer is not None]
            if answers and all(answer.error for answer in answers):
                raise EngineFailed(f"{sampler.engine.spec} answered nothing as {sampler.role}: {answers[0].error}")
