"""The answers and tables of a step: from its journal as far as they are there, from engines and sandbox otherwise."""

from __future__ import annotations

from trainer.config import Config
from trainer.distributed.world import World
from trainer.progress.terminal import Show
from trainer.record.recorder import StepRecord
from trainer.rollout.answers import Answers, Table
from trainer.rollout.sampling import roll_out, run_tables
from trainer.rollout.tasks import Task
from trainer.rollout_workers import Crew


async def roll_out_step(
    config: Config, record: StepRecord, world: World, show: Show, crew: Crew, planned: list[Task]
) -> tuple[list[Answers], list[Table]]:
    """All answers and tables of the step, on every process, in the order of slots.

    Each process samples and runs its own share of the tasks; only what came of it is exchanged.
    """
    mine = planned[world.rank :: world.size]
    if not record.has_answers:
        show.rolling_out(mine, sum(seat.samples for seat in crew.seats))
        rollout = await roll_out(crew.seats, mine, config.seed, record.step, crew.box, crew.rules, show.event)
        everyone = world.gather(rollout)
        answers = _in_order([one for part in everyone for one in part.answers])
        tables = _in_order([one for part in everyone for one in part.tables])
        record.answers(answers, sum(part.too_long for part in everyone))
        seconds = {
            "sampling": max(part.sampling_s for part in everyone),
            "tables": max(part.waiting_s for part in everyone),
        }
        record.tables(tables, seconds)
    elif not record.has_tables:
        own = [one for one in record.known_answers if one.slot % world.size == world.rank]
        show.running(len(own))
        with record.clock("tables"):
            done = await run_tables(own, planned, crew.box, crew.rules, show.event)
        record.tables(_in_order([table for part in world.gather(done) for table in part]), {})
    return record.known_answers, record.known_tables


def _in_order(many: list) -> list:  # type: ignore[type-arg]  # of answers or of tables
    return sorted(many, key=lambda one: one.slot)
