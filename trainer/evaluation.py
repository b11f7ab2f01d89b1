"""Evaluates the policies in training on held-out problems."""

from __future__ import annotations

import time

from trainer.config import Config
from trainer.progress.progress import Progress
from trainer.record.measure import Metrics, answer_metrics, table_metrics
from trainer.rollout.tasks import Task, open_tasks
from trainer.rollout_workers import RolloutWorkers

KEPT = (
    "code/accuracy",
    "code/tests_passed",
    "code/unparsed",
    "code/any_right",
    "code/length",
    "code/truncated",
    "test/accuracy",
    "test/unparsed",
    "test/length",
    "test/truncated",
    "test/p_u",
    "test/p_01",
    "test/p_00",
    "test/mu",
    "best_of_n",
)
"""Metrics that are kept of an evaluation; they are recorded with `eval/` before their names."""


def is_due(config: Config, step: int) -> bool:
    """Whether the policies after `step` are to be evaluated: before the first step (0), at intervals, after the last.

    False if the configuration names no held-out problems.
    """
    wanted = config.evaluation
    return wanted.problems is not None and (step % wanted.every == 0 or step == config.steps)


async def evaluate(workers: RolloutWorkers, progress: Progress) -> Metrics:
    """Metrics on the held-out problems; every evaluation of a run uses equal prompts and seeds.

    Raises TrainerError or ProblemError where the problems cannot be read, EngineFailed where all answers of a role are
    errors, EngineError or SandboxError where an engine or the sandbox itself fails.
    """
    wanted = workers.config.evaluation
    assert wanted.problems is not None
    problems = open_tasks(wanted.problems, wanted.seed, "heldout")
    count = wanted.count if problems.size is None else min(wanted.count, problems.size)
    tasks = [Task(slot, slot, problems.problem(slot)) for slot in range(count)]
    begun = time.monotonic()
    samplers, rules = workers.evaluation_samplers, workers.evaluation_rules
    rollout = await workers.roll_out(samplers, rules, tasks, wanted.seed, "evaluation", progress)
    known = answer_metrics(rollout.answers) | table_metrics(rollout.tables)
    metrics: Metrics = {f"eval/{name}": known[name] for name in KEPT if name in known}
    metrics["eval/problems"] = count
    metrics["seconds/evaluation"] = round(time.monotonic() - begun, 4)
    return metrics
