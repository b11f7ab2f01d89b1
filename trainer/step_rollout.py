"""The answers and tables of a step: read from its journal as far as it goes, sampled and run otherwise."""

from __future__ import annotations

from trainer.progress.progress import Progress
from trainer.record.recorder import StepRecord
from trainer.rollout.answers import TaskAnswers, TaskTable
from trainer.rollout.sampling import join_rollouts, roll_out, run_tables
from trainer.rollout.tasks import Task
from trainer.rollout_workers import RolloutWorkers


async def roll_out_step(
    record: StepRecord, workers: RolloutWorkers, planned: list[Task], progress: Progress
) -> tuple[list[TaskAnswers], list[TaskTable]]:
    """All answers and all tables of the step, in the order of slots, on every process.

    Each process samples and runs every `size`-th task; then the processes exchange what they have. Raises EngineFailed
    where an engine gives no answer.
    """
    world = workers.world
    if not record.has_answers:
        own = planned[world.rank :: world.size]
        progress.rolling_out(own, sum(sampler.samples for sampler in workers.samplers))
        rollout = join_rollouts(
            world.gather(
                await roll_out(
                    workers.samplers,
                    own,
                    workers.config.seed,
                    record.step,
                    workers.sandbox,
                    workers.rules,
                    progress.event,
                )
            )
        )
        record.answers(rollout.answers, rollout.too_long)
        record.tables(rollout.tables, {"sampling": rollout.sampling_s, "tables": rollout.waiting_s})
    elif not record.has_tables:
        known = [answers for answers in record.known_answers if answers.slot % world.size == world.rank]
        progress.running(len(known))
        with record.clock("tables"):
            own_tables = await run_tables(known, planned, workers.sandbox, workers.rules, progress.event)
        tables = [table for part in world.gather(own_tables) for table in part]
        record.tables(sorted(tables, key=lambda table: table.slot), {})
    return record.known_answers, record.known_tables
