"""The engines, prompts and sandbox with which one process samples answers and runs programs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from pathlib import Path

from cure.prompts import prompts_for
from cure.session import closing, open_session
from engines import Engine, LocalOptions, Sampling, TrainableEngine, VllmOptions, open_trainable_engine
from engines.local.text import Text
from engines.vllm_server.engine import open_server_engine
from sandbox import Sandbox, default_slots
from trainer.config import Config
from trainer.config.schema import Role
from trainer.distributed.world import World
from trainer.policy.loading import checkpoint_of
from trainer.policy.policy import Policy
from trainer.progress.progress import ROLLING_OUT, Progress
from trainer.rollout.answers import RoleName
from trainer.rollout.execute import ExecutionRules
from trainer.rollout.sampling import RoleSampler, Rollout, join_rollouts, roll_out
from trainer.rollout.tasks import Task


@dataclass(kw_only=True)
class RolloutWorkers:
    """Engines and sandbox of one process."""

    config: Config
    world: World
    samplers: list[RoleSampler]
    """The roles, each with its engine and sampling settings."""
    engines: Mapping[str, TrainableEngine]
    """The engines that sample for policies in training, by the policy's name."""
    sandbox: Sandbox
    versions: dict[str, str] = field(default_factory=dict)
    """Version of the weights that each engine has, by the policy's name."""

    async def sync(self, policies: dict[str, Policy], version: str) -> None:
        """Wake every engine, and load its policy's weights if the engine has another version than `version`.

        Raises EngineError where an engine cannot load the weights.
        """
        for name, engine in self.engines.items():
            await engine.wake()
            if self.versions.get(name) != version:
                await engine.load_weights(version, policies[name].tensors())
                self.versions[name] = version
                if self.config.rollout.engine == "vllm-server":
                    # The first process loads the weights for all; no other may sample before that is done.
                    self.world.wait()

    async def sleep(self) -> None:
        """Let the engines free their memory for the updates, which may use the same accelerator."""
        for engine in self.engines.values():
            await engine.sleep()

    async def roll_out(
        self,
        samplers: Sequence[RoleSampler],
        rules: ExecutionRules,
        tasks: Sequence[Task],
        seed: int,
        step: int | str,
        progress: Progress,
    ) -> Rollout:
        """Answers and tables of all tasks. Each process rolls out its share of the tasks, and gets the others' results.

        `step` is a number in training and a word in an evaluation; the word also names the phase for `progress`. Raises
        EngineFailed where all answers of a role are errors, EngineError or SandboxError where an engine or the sandbox
        itself fails.
        """
        own = tasks[self.world.rank :: self.world.size]
        name = step if isinstance(step, str) else ROLLING_OUT
        progress.rolling_out(own, sum(sampler.samples for sampler in samplers), name)
        rollout = await roll_out(samplers, own, seed, step, self.sandbox, rules, progress.event)
        return join_rollouts(self.world.gather(rollout))

    @property
    def rules(self) -> ExecutionRules:
        """How programs of the training tasks are run."""
        config = self.config
        return ExecutionRules(
            most_labels=config.data.most_labels,
            time_limit_s=config.data.time_limit_s,
            give_up_after=config.execution.give_up_after,
            generated_labels=config.labels.source == "tester",
            agreement=config.labels.agreement,
        )

    @property
    def evaluation_samplers(self) -> list[RoleSampler]:
        """Coder and tester with the evaluation's number of samples and temperature."""
        wanted = self.config.evaluation
        return [
            replace(sampler, samples=wanted.samples, sampling=replace(sampler.sampling, temperature=wanted.temperature))
            for sampler in self.samplers
            if sampler.role != "labels"
        ]

    @property
    def evaluation_rules(self) -> ExecutionRules:
        """How the evaluation runs programs, the reference solution included: on all hidden and all generated tests."""
        return ExecutionRules(most_labels=1 << 30, give_up_after=self.config.execution.give_up_after, reference=True)


@asynccontextmanager
async def open_rollout_workers(config: Config, world: World) -> AsyncIterator[RolloutWorkers]:
    """A context with the workers of this process, which are closed at the end.

    Raises TrainerError, EngineError or SandboxUnavailable where a checkpoint, an engine or a sandbox is not available.
    """
    roles = _roles(config)
    frozen = [role.model for role in roles.values() if role.model is not None]
    options = (LocalOptions(rows=config.rollout.rows), VllmOptions(rows=config.rollout.rows))
    slots = slots_of(config, world)
    async with (
        open_session(frozen, config.execution.sandbox, *options, slots=slots) as session,
        AsyncExitStack() as stack,
    ):
        trained: dict[str, TrainableEngine] = {}
        for name, policy in config.policies.items():
            engine = await _open_engine(checkpoint_of(policy.model), config, world)
            trained[name] = await stack.enter_async_context(closing(engine))
        samplers = []
        for name, role in roles.items():
            if role.policy is not None:
                encode = Text(checkpoint_of(config.policies[role.policy].model)).encode
                samplers.append(replace(_sampler(name, role, trained[role.policy]), encode=encode))
            else:
                assert role.model is not None
                samplers.append(_sampler(name, role, session.engines[role.model]))
        yield RolloutWorkers(config=config, world=world, samplers=samplers, engines=trained, sandbox=session.sandbox)


def slots_of(config: Config, world: World) -> int:
    """Number of executions that this process's sandbox runs at a time: the process's share of the host's number."""
    return max(1, (config.execution.slots or default_slots()) // world.on_host)


def _roles(config: Config) -> dict[RoleName, Role]:
    """The roles of a step, in order: coder, tester, and the frozen tester that writes labels where there is one."""
    roles: dict[RoleName, Role] = {"coder": config.coder, "tester": config.tester}
    labels = config.labels
    if labels.model is not None:
        shared = {name: getattr(labels, name) for name in ("model", "samples", "style", "temperature", "max_tokens")}
        roles["labels"] = Role(**shared)
    return roles


def _sampler(name: RoleName, role: Role, engine: Engine) -> RoleSampler:
    style = prompts_for(role.style, stage="training", public_examples=role.public_examples)
    return RoleSampler(
        role=name,
        engine=engine,
        style=style,
        samples=role.samples,
        sampling=Sampling(role.temperature, role.top_p, role.top_k, role.max_tokens, stop=style.stop),
        most_prompt_tokens=role.max_prompt_tokens,
    )


async def _open_engine(checkpoint: Path, config: Config, world: World) -> TrainableEngine:
    """The engine that samples for a policy whose base is this checkpoint."""
    wanted = config.rollout
    if wanted.engine == "vllm-server":
        assert wanted.weights_dir is not None
        return await open_server_engine(
            checkpoint, wanted.urls, Path(wanted.weights_dir), wanted.rows, leads=world.rank == 0
        )
    on_gpu = world.device.type == "cuda" and find_spec("vllm") is not None
    kind = "vllm" if wanted.engine == "vllm" or (wanted.engine == "auto" and on_gpu) else "hf"
    return await open_trainable_engine(
        f"{kind}:{checkpoint}",
        LocalOptions(rows=wanted.rows, device=str(world.device)),
        VllmOptions(rows=wanted.rows, memory=wanted.memory, spmd=world.size > 1),
    )
