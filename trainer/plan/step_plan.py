"""The plan of a step: upper bounds on what is sampled, executed and trained on."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from cure.problem import Problem
from trainer.config import Config
from trainer.config.schema import Role
from trainer.plan.words import count_text, duration_text
from trainer.rollout.tasks import MICRO


@dataclass(frozen=True)
class RolePlan:
    """Upper bounds on what one role writes in a step."""

    answers: int
    sampled_tokens: int
    trained_tokens: int
    """Tokens of answers, without prompts; 0 for a frozen model."""
    trained: bool


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Upper bounds on the work of a step and its run: answers may be shorter, and equal programs and tests run once."""

    steps: int
    tasks: int
    roles: dict[str, RolePlan]
    executions: int
    """Distinct pairs of program and input."""
    limit_s: float
    """Limit of an execution in CPU seconds."""
    limit_is_known: bool
    """Whether the limit holds for every problem; else problems may name their own."""
    cpu_s: float
    """CPU seconds if all executions reach their limit."""
    give_up_cpu_s: float | None
    """CPU seconds if every program times out `give_up_after` times; None where that is not set."""
    stages: tuple[str, ...]
    updates: int
    """Optimiser steps in a step of the run."""
    rows: int
    """Rows of tokens_per_pack tokens, in all updates and processes, if all answers have their maximum length and all
    rows are full. This is no upper bound: rows seldom fill exactly."""
    processes: int | None
    """Number of processes; None for one per GPU."""
    evaluations: int
    """Evaluations in the whole run."""
    evaluation_answers: int
    """Answers in each evaluation."""
    checkpoints: int
    """Checkpoints in the whole run."""


def plan(config: Config) -> Plan:
    """The plan of a run with this configuration and of each of its steps."""
    tasks = config.data.tasks_per_step
    most_trained = config.train.most_tokens
    roles = {
        name: _role(role, tasks, most_trained) for name, role in (("coder", config.coder), ("tester", config.tester))
    }
    inputs = config.data.most_labels + config.tester.samples
    if config.labels.source == "tester":
        count = tasks * config.labels.samples
        roles["labels"] = RolePlan(count, count * config.labels.max_tokens, 0, False)
        inputs = config.labels.samples + config.tester.samples
    limit, known = _limit(config)
    executions = tasks * config.coder.samples * inputs
    given_up = config.execution.give_up_after
    tries = None if given_up is None else min(given_up, inputs)
    trained = [(name, role) for name, role in (("code", config.coder), ("test", config.tester)) if role.policy]
    stages = [name for name, _ in trained]
    if config.optimiser.stages == "joint":
        stages = ["joint" if len(config.policies) == 1 else f"joint {name}" for name in config.policies]
    tokens = sum(row_tokens(role, most_trained) * tasks * role.samples for _, role in trained)
    wanted = config.evaluation
    evaluated = wanted.problems is not None
    every = config.checkpoints.every
    return Plan(
        steps=config.steps,
        tasks=tasks,
        roles=roles,
        executions=executions,
        limit_s=limit,
        limit_is_known=known,
        cpu_s=executions * limit,
        give_up_cpu_s=None if tries is None else tasks * config.coder.samples * tries * limit,
        stages=tuple(stages),
        updates=len(stages) * config.optimiser.updates,
        rows=math.ceil(tokens / config.train.tokens_per_pack),
        processes=process_count(config),
        evaluations=(config.steps // wanted.every + 1 + bool(config.steps % wanted.every)) if evaluated else 0,
        evaluation_answers=2 * wanted.count * wanted.samples if evaluated else 0,
        checkpoints=config.steps // every + bool(config.steps % every),
    )


def _role(role: Role, tasks: int, most_trained: int | None) -> RolePlan:
    answers = tasks * role.samples
    trained = role.policy is not None
    kept = row_tokens(role, most_trained) - role.max_prompt_tokens
    return RolePlan(answers, answers * role.max_tokens, answers * kept if trained else 0, trained)


def row_tokens(role: Role, most_trained: int | None) -> int:
    """Maximum number of tokens of a prompt and the trained part of its answer together."""
    return role.max_prompt_tokens + (role.max_tokens if most_trained is None else min(role.max_tokens, most_trained))


def _limit(config: Config) -> tuple[float, bool]:
    """CPU seconds of an execution, and whether they hold for every problem."""
    if config.data.time_limit_s is not None:
        return config.data.time_limit_s, True
    if config.data.problems == MICRO:
        from trainer.micro.problems import problem

        return problem(config.seed, "train", 0).time_limit_s, True
    return Problem("").time_limit_s, False


def process_count(config: Config) -> int | None:
    """Number of processes; None for one per GPU."""
    if config.train.processes != "auto":
        return config.train.processes
    return 1 if config.train.device == "cpu" else None


def plan_lines(planned: Plan, config: Config) -> list[str]:
    """The plan in words."""
    count = (
        "one process per GPU" if planned.processes is None else count_text(planned.processes, "process", "processes")
    )
    each = ""
    if planned.processes and planned.processes > 1:
        each = f", {math.ceil(planned.tasks / planned.processes)} tasks each at most"
    lines = [
        f"A run: {count_text(planned.steps, 'step')} of {count_text(planned.tasks, 'task')}, {count}{each}, "
        f"{count_text(planned.checkpoints, 'checkpoint')}."
    ]
    if planned.evaluations:
        lines.append(f"Evaluated {planned.evaluations} times, {planned.evaluation_answers:,} answers each.")
    lines += ["A step, at most:"]
    for name, role in planned.roles.items():
        trained = f"{role.trained_tokens:,} of them trained on" if role.trained else "none trained on (frozen)"
        lines.append(f"  {name:<8}{role.answers:,} answers, {role.sampled_tokens:,} tokens, {trained}")
    whose = "" if planned.limit_is_known else " (problems may name another)"
    lines.append(
        f"  sandbox {planned.executions:,} executions of {planned.limit_s:g} CPU-seconds{whose}: "
        f"{duration_text(planned.cpu_s)} of CPU time if all reach their limit"
    )
    if planned.give_up_cpu_s is not None:
        lines.append(
            f"          {duration_text(planned.give_up_cpu_s)} if every program runs out of time, "
            f"given up after {config.execution.give_up_after}"
        )
    lines.append(
        f"  updates {planned.updates} ({', '.join(planned.stages)}), "
        f"{count_text(planned.rows, 'row')} of {config.train.tokens_per_pack:,} tokens"
    )
    missing = [name for name in (config.data.problems, config.evaluation.problems) if name and not _is_there(name)]
    lines += [f"  {name} is not on this machine: a run would end with an error" for name in dict.fromkeys(missing)]
    return lines


def _is_there(problems: str) -> bool:
    return problems == MICRO or Path(problems).is_file()
