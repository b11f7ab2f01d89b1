"""The training loop of coder and tester, which are rewarded by execution tables (CURE, Algorithm 1).

A step: tasks -> answers of both roles; a task's programs run while answers to other tasks are still decoded -> rewards
-> advantages per task and role -> an update on the code, an update on the tests -> the step is recorded. The engine
gets the new weights before the next step.

No engine or process restarts between steps, training uses the sampled token ids, and every random choice is a function
of the seed, the step, the task and the role.

Differences from the training loop that the authors of CURE released: one process group instead of four programs a step,
an optimiser and float32 master weights that are kept for the whole run, a KL divergence to the base model (theirs is to
the policy before the update), and the sampler's log-probabilities in the loss (docs/trainer.md has the list).
"""

from __future__ import annotations

from trainer.config import Config
from trainer.distributed.world import World
from trainer.evaluation import evaluate, is_due
from trainer.policies import load_policies, open_policies, save_policies
from trainer.policy.policy import Policy, Update
from trainer.progress.progress import Progress, part_counter
from trainer.record.measure import Metrics, answer_metrics, group_metrics, table_metrics, update_metrics
from trainer.record.recorder import Recorder, StepRecord
from trainer.rollout.tasks import Tasks, open_tasks, tasks_of_step
from trainer.rollout_workers import RolloutWorkers, open_rollout_workers
from trainer.step_rollout import roll_out_step
from trainer.update.credit import Group, credit
from trainer.update.pack import packs_for
from trainer.update.stages import Stage, learning_rate, shares, stages_of


async def train(recorder: Recorder, progress: Progress) -> None:
    """Train from the run's last checkpoint, or from the base weights where there is none, to the run's last step.

    Raises TrainerError, ProblemError, EngineError or SandboxError where the run cannot begin or go on.
    """
    config, world = recorder.config, recorder.world
    tasks = open_tasks(config.data.problems, config.seed, "train", labelled=config.labels.source == "data")
    with open_policies(config, world) as policies:
        load_policies(policies, recorder.last_checkpoint)
        async with open_rollout_workers(config, world) as workers:
            await measure_held_out(recorder, workers, policies, progress, recorder.step)
            for step in range(recorder.step + 1, config.steps + 1):
                with recorder.step_record(step) as record:
                    metrics = await take_step(record, workers, policies, tasks, progress)
                    with record.clock("checkpoint"):
                        if step % config.checkpoints.every == 0 or step == config.steps:
                            save_policies(policies, recorder, step)
                    metrics |= record.commit(metrics)
                progress.step(step, metrics)
                await measure_held_out(recorder, workers, policies, progress, step)


async def take_step(
    record: StepRecord, workers: RolloutWorkers, policies: dict[str, Policy], tasks: Tasks, progress: Progress
) -> Metrics:
    """Make one step, updates included, and return its metrics.

    Raises EngineFailed where all answers of a role are errors, EngineError or SandboxError where an engine or the
    sandbox itself fails.
    """
    step, config = record.step, workers.config
    with record.clock("plan"):
        planned = tasks_of_step(tasks, step, config.data.tasks_per_step, config.data.order, config.seed)
        record.plan(planned)
    with record.clock("sync"):
        if not record.has_answers:
            await workers.sync(policies, f"step-{step - 1}")
    answers, tables = await roll_out_step(record, workers, planned, progress)
    with record.clock("sync"):
        await workers.sleep()
    with record.clock("rewards"):
        groups: list[Group] = []
        for task_answers, table in zip(answers, tables, strict=True):
            groups += credit(task_answers, table, config.reward)
        record.rewards(groups)
    metrics: Metrics = {"tasks": len(planned), "tasks_too_long": record.known.too_long}
    metrics |= answer_metrics(answers) | table_metrics(tables) | group_metrics(groups)
    for stage in stages_of(answers, groups, config):
        progress.phase(f"update on {stage.name}", len(stage.samples))
        with record.clock(f"update_{stage.name}"):
            rate = learning_rate(config.optimiser, step, config.steps)
            updates = train_stage(stage, policies[stage.policy], config, workers.world, rate, progress)
        metrics |= update_metrics(stage.name, updates, rate)
        record.update(stage.name, updates)
    return metrics


def train_stage(
    stage: Stage, policy: Policy, config: Config, world: World, rate: float, progress: Progress
) -> list[Update]:
    """Make the updates of a stage, and return what each of them measured.

    In the ratio of CURE's Eq. 5 the old policy is the policy before the stage's first optimiser step.
    """
    constant = config.train.most_tokens or max((config.coder.max_tokens, config.tester.max_tokens))
    packs = [
        packs_for(share, config.loss.aggregate, constant, config.train.tokens_per_pack, world.rank, world.size)
        for share in shares(stage.samples, config.optimiser.updates)
    ]
    several = len(packs) > 1
    on_row = part_counter(progress, sum(map(len, packs)) * (2 if several else 1))
    # For each update, the old log-probabilities of the R trained tokens of each row: (R,).
    old = [policy.logprobs(rows, on_row) for rows in packs] if several else [None] * len(packs)
    return [policy.update(rows, config.loss, rate, before, on_row) for rows, before in zip(packs, old, strict=True)]


async def measure_held_out(
    recorder: Recorder, workers: RolloutWorkers, policies: dict[str, Policy], progress: Progress, step: int
) -> None:
    """Evaluate the policies after `step` where an evaluation is due and not recorded yet, and record its metrics."""
    if is_due(recorder.config, step) and not recorder.is_evaluated(step):
        await workers.sync(policies, f"step-{step}")
        metrics = await evaluate(workers, progress)
        recorder.evaluated(step, metrics)
        progress.evaluation(step, metrics)
