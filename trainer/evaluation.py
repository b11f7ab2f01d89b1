"""Measures the policies on problems they are not trained on, while they are trained."""

from __future__ import annotations

import time

from trainer.config import Config
from trainer.distributed.world import World
from trainer.progress.terminal import Show
from trainer.record.measure import Metrics, of_answers, of_tables
from trainer.rollout.sampling import roll_out
from trainer.rollout.tasks import Task, open_tasks
from trainer.rollout_workers import Crew

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


def is_due(config: Config, step: int) -> bool:
    """Whether the policy after this step is to be evaluated: the first, every so many, and the last."""
    wanted = config.evaluation
    return wanted.problems is not None and (step % wanted.every == 0 or step == config.steps)


async def evaluate(config: Config, crew: Crew, world: World, show: Show) -> Metrics:
    """Figures of the policies on the held-out problems; the same prompts and seeds every time."""
    wanted = config.evaluation
    assert wanted.problems is not None
    problems = open_tasks(wanted.problems, wanted.seed, "heldout")
    count = wanted.count if problems.size is None else min(wanted.count, problems.size)
    tasks = [Task(slot, slot, problems.problem(slot)) for slot in range(count)]
    seats = crew.evaluation_seats
    mine = tasks[world.rank :: world.size]
    show.rolling_out(mine, sum(seat.samples for seat in seats), "evaluation")
    begun = time.monotonic()
    rollout = await roll_out(seats, mine, wanted.seed, "evaluation", crew.box, crew.evaluation_rules, show.event)
    parts = world.gather(rollout)
    answers = sorted((one for part in parts for one in part.answers), key=lambda one: one.slot)
    tables = sorted((one for part in parts for one in part.tables), key=lambda one: one.slot)
    every = of_answers(answers) | of_tables(tables)
    metrics: Metrics = {f"eval/{name}": every[name] for name in KEPT if name in every}
    metrics["eval/problems"] = count
    metrics["seconds/evaluation"] = round(time.monotonic() - begun, 4)
    return metrics
