"""The training loop: one policy as coder and tester, rewarded by execution tables (CURE, Algorithm 1).

A step: tasks -> both roles' answers stream in, each task's table is run while others still decode -> rewards ->
advantages per task and role -> an update on the code, an update on the tests -> the engine gets the weights -> commit.
Nothing restarts between steps, tokens are trained as they were sampled, and every random choice is a function of the
seed, the step, the task and the role.

Against the released loop: one process group instead of four programs a step, optimiser and fp32 masters that live on,
the KL divergence to the base model, and log-probabilities of the sampler in the loss. `docs/trainer.md` has the list.
"""

from __future__ import annotations

from trainer.config import Config
from trainer.config.schema import Loss
from trainer.distributed.world import World
from trainer.evaluation import evaluate, is_due
from trainer.policies import load_policies, open_policies, save_policies
from trainer.policy.protocol import Policy, Update
from trainer.progress.terminal import Show, counter
from trainer.record.measure import Metrics, of_answers, of_groups, of_tables, of_updates
from trainer.record.recorder import Recorder, StepRecord
from trainer.rollout.tasks import Tasks, open_tasks, tasks_of_step
from trainer.rollout_workers import Crew, open_crew
from trainer.step_rollout import roll_out_step
from trainer.update.credit import Group, credit
from trainer.update.loss import LossRules
from trainer.update.pack import packs_for
from trainer.update.stages import Stage, learning_rate, shares, stages_of


async def train(config: Config, recorder: Recorder, world: World, show: Show) -> None:
    """Train from the run's last checkpoint to its last step."""
    tasks = open_tasks(config.data.problems, config.seed, "train", config.labels.source == "data")
    with open_policies(config, world) as policies:
        load_policies(policies, recorder.last_checkpoint)
        async with open_crew(config, world) as crew:
            await measure_held_out(config, recorder, world, show, crew, policies, recorder.step)
            for step in range(recorder.step + 1, config.steps + 1):
                with recorder.step_record(step) as record:
                    metrics = await take_step(config, record, world, show, crew, policies, tasks)
                    with record.clock("checkpoint"):
                        if step % config.checkpoints.every == 0 or step == config.steps:
                            save_policies(policies, recorder, step)
                    metrics |= record.commit(metrics)
                show.step(step, metrics)
                await measure_held_out(config, recorder, world, show, crew, policies, step)


async def take_step(
    config: Config, record: StepRecord, world: World, show: Show, crew: Crew, policies: dict[str, Policy], tasks: Tasks
) -> Metrics:
    """One step; its metrics."""
    step = record.step
    with record.clock("plan"):
        planned = tasks_of_step(tasks, step, config.data.tasks_per_step, config.data.order, config.seed)
        record.plan(planned)
    with record.clock("sync"):
        if not record.has_answers:
            await crew.sync(policies, f"step-{step - 1}")
    answers, tables = await roll_out_step(config, record, world, show, crew, planned)
    with record.clock("sync"):
        await crew.rest()
    with record.clock("rewards"):
        groups: list[Group] = []
        for one, table in zip(answers, tables, strict=True):
            groups += credit(one, table, config.reward)
        record.rewards(groups)
    metrics: Metrics = {"tasks": len(planned), "tasks_too_long": record.too_long}
    metrics |= of_answers(answers) | of_tables(tables) | of_groups(groups)
    for stage in stages_of(answers, groups, config):
        show.phase(f"update on {stage.name}", len(stage.samples))
        with record.clock(f"update_{stage.name}"):
            rate = learning_rate(config.optimiser, step, config.steps)
            updates = train_stage(stage, policies[stage.policy], config, world, show, rate)
        metrics |= of_updates(stage.name, updates, rate)
        record.update(stage.name, updates)
    return metrics


def train_stage(stage: Stage, policy: Policy, config: Config, world: World, show: Show, rate: float) -> list[Update]:
    """The optimiser steps of a stage. With several, the ratio is to the policy before the first."""
    dealt = shares(stage.samples, config.optimiser.updates)
    constant = config.train.most_tokens or max((config.coder.max_tokens, config.tester.max_tokens))
    packs = [
        packs_for(share, config.loss.aggregate, constant, config.train.tokens_per_pack, world.rank, world.size)
        for share in dealt
    ]
    several = len(packs) > 1
    on_row = counter(show, sum(map(len, packs)) * (2 if several else 1))
    old = [policy.logprobs(part, on_row) for part in packs] if several else [None]
    rules = loss_rules(config.loss)
    return [policy.update(part, rules, rate, before, on_row) for part, before in zip(packs, old, strict=False)]


def loss_rules(loss: Loss) -> LossRules:
    """The configuration's loss, for the pure function."""
    return LossRules(
        loss.kind, loss.clip_low, loss.clip_high, loss.kl, loss.kl_weight, loss.correction, loss.correction_cap
    )


async def measure_held_out(
    config: Config, recorder: Recorder, world: World, show: Show, crew: Crew, policies: dict[str, Policy], step: int
) -> None:
    """Evaluate the policy after `step`, where that is wanted and not known yet."""
    if is_due(config, step) and not recorder.is_evaluated(step):
        await crew.sync(policies, f"step-{step}")
        metrics = await evaluate(config, crew, world, show)
        recorder.evaluated(step, metrics)
        show.evaluation(step, metrics)
