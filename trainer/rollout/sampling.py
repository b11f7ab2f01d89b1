"""Asks the engines for answers and runs each task's table as soon as the task's answers are in."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

from cure.problem import Problem
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
    """Turns a prompt into the token ids that training uses too; None for a model that is not trained."""
    most_prompt_tokens: int = 1 << 30
    """Maximum number of tokens of a prompt; not checked for a model that is not trained."""

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
    """The task's place in the step, counted from 0."""
    role: RoleName | None = None
    """The role that gave the answer; None for a table."""
    tokens: int = 0
    """Tokens of the answer; 0 for a table."""


@dataclass(frozen=True)
class Rollout:
    """Sampled answers and the tables of running them, in the order of the tasks in the step."""

    answers: list[TaskAnswers]
    tables: list[TaskTable]
    too_long: int
    """Tasks left out because a prompt was too long."""
    sampling_s: float
    """Seconds from the first request to the last answer."""
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
    """The request to one role for its answers to one task, and the answers that have come."""

    task: Task
    sampler: RoleSampler
    request: Request
    answers: list[Answer | None]
    """One for each sample; None until the answer has come."""

    def take(self, completion: Completion) -> None:
        """Keep the completion as an answer."""
        self.answers[completion.index] = Answer(
            text=completion.text,
            finish=completion.finish,
            token_ids=completion.token_ids or (),
            logprobs=completion.logprobs or (),
            version=completion.weights_version,
            error=completion.error,
        )


def questions_of(
    samplers: Sequence[RoleSampler], tasks: Sequence[Task], seed: int, step: int | str
) -> tuple[list[Question], list[Task]]:
    """The questions of the tasks, all roles of a task side by side, and the tasks kept: those with no prompt too long.

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
            questions.append(Question(task, sampler, request, [None] * sampler.samples))
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
    """Answers and tables of the tasks.

    An engine gets all its requests in one call, so which answers it decodes side by side, and thereby every bit of its
    arithmetic, depends on the requests alone and not on the clock. Raises EngineFailed where all answers of a role are
    errors, EngineError or SandboxError where an engine or the sandbox itself fails.
    """
    questions, kept = questions_of(samplers, tasks, seed, step)
    begun = time.monotonic()
    by_key = {question.request.key: question for question in questions}
    by_slot: dict[int, list[Question]] = {}
    by_engine: dict[int, list[Question]] = {}
    for question in questions:
        by_slot.setdefault(question.task.slot, []).append(question)
        by_engine.setdefault(id(question.sampler.engine), []).append(question)
    tables: list[asyncio.Task[TaskTable]] = []

    async def listen(engine: Engine, requests: list[Request]) -> None:
        async with aclosing(engine.complete(requests)) as completions:
            async for completion in completions:
                question = by_key[completion.key]
                question.take(completion)
                task = question.task
                on_event(RolloutEvent("answer", task.slot, question.sampler.role, len(completion.token_ids or ())))
                if all(None not in other.answers for other in by_slot[task.slot]):
                    answers = _task_answers(by_slot[task.slot])
                    tables.append(asyncio.create_task(_run(answers, task.problem, sandbox, rules, on_event)))

    try:
        async with asyncio.TaskGroup() as listening:
            for asked in by_engine.values():
                listening.create_task(listen(asked[0].sampler.engine, [question.request for question in asked]))
        sampled = time.monotonic()
        complete = await asyncio.gather(*tables)
    except BaseExceptionGroup as group:
        raise group.exceptions[0] from None
    finally:
        for table in tables:
            table.cancel()
    for sampler in samplers:
        _check([question for question in questions if question.sampler is sampler])
    answers = [_task_answers(by_slot[task.slot]) for task in kept]
    in_order = sorted(complete, key=lambda table: table.slot)
    return Rollout(answers, in_order, len(tasks) - len(kept), sampled - begun, time.monotonic() - sampled)


async def run_tables(
    answers: Iterable[TaskAnswers],
    tasks: Sequence[Task],
    sandbox: Sandbox,
    rules: ExecutionRules,
    on_event: Callable[[RolloutEvent], None] = lambda _: None,
) -> list[TaskTable]:
    """The tables of answers that were sampled before. Raises SandboxError where nothing can be run."""
    problems = {task.slot: task.problem for task in tasks}
    runs = (_run(known, problems[known.slot], sandbox, rules, on_event) for known in answers)
    return list(await asyncio.gather(*runs))


async def _run(
    answers: TaskAnswers,
    problem: Problem,
    sandbox: Sandbox,
    rules: ExecutionRules,
    on_event: Callable[[RolloutEvent], None],
) -> TaskTable:
    table = await execute(answers, problem, sandbox, rules)
    on_event(RolloutEvent("table", answers.slot))
    return table


def _task_answers(questions: Sequence[Question]) -> TaskAnswers:
    """All answers to a task, from the questions about it."""
    task = questions[0].task
    prompts: dict[RoleName, tuple[int, ...]] = {}
    answers: dict[RoleName, tuple[Answer, ...]] = {}
    for question in questions:
        role, prompt = question.sampler.role, question.request.prompt
        prompts[role] = prompt.token_ids if isinstance(prompt, TokenPrompt) else ()
        answers[role] = tuple(answer for answer in question.answers if answer is not None)
    return TaskAnswers(task.slot, task.index, prompts, answers)


def _check(questions: Sequence[Question]) -> None:
    """Raise EngineFailed where all answers to these questions, which are to one role, are errors."""
    answers = [answer for question in questions for answer in question.answers if answer is not None]
    if answers and all(answer.error for answer in answers):
        sampler = questions[0].sampler
        raise EngineFailed(f"{sampler.engine.spec} answered nothing as {sampler.role}: {answers[0].error}")
