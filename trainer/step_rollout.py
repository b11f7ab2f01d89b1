"""The answers and tables of a step: read from the step's journal where recorded, else sampled and run."""

from __future__ import annotations

from trainer.progress.progress import Progress
from trainer.record.recorder import StepRecord
from trainer.rollout.answers import TaskAnswers, TaskTable
from trainer.rollout.sampling import run_tables
from trainer.rollout.tasks import Task
from trainer.rollout_workers import RolloutWorkers


async def roll_out_step(
    record: StepRecord, workers: RolloutWorkers, planned: list[Task], progress: Progress
) -> tuple[list[TaskAnswers], list[TaskTable]]:
    """All answers and all tables of the step, in the order of the planned tasks, on every process.

    A task whose prompt is too long has neither answers nor a table. Raises EngineFailed where all answers of a role are
    errors, EngineError or SandboxError where an engine or the sandbox itself fails.
    """
    world, rules = workers.world, workers.rules
    if not record.has_answers:
        seed = workers.config.seed
        rollout = await workers.roll_out(workers.samplers, rules, planned, seed, record.step, progress)
        record.answers(rollout.answers, rollout.too_long)
        record.tables(rollout.tables, {"sampling": rollout.sampling_s, "tables": rollout.waiting_s})
    elif not record.has_tables:
        known = [answers for answers in record.known.answers if answers.slot % world.size == world.rank]
        progress.running(len(known))
        with record.clock("tables"):
            own_tables = await run_tables(known, planned, workers.sandbox, rules, progress.event)
        tables = [table for part in world.gather(own_tables) for table in part]
        record.tables(sorted(tables, key=lambda table: table.slot), {})
    return record.known.answers, record.known.tables
