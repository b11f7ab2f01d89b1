"""Everything a step samples and runs with: engines, prompts, the sandbox."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import cast

from cure.prompts import prompts_for
from engines import (
    Engine,
    LocalOptions,
    Sampling,
    TrainableEngine,
    VllmOptions,
    open_engine,
    open_trainable_engine,
)
from engines.local.text import Text
from engines.vllm_server.engine import open_server_engine
from sandbox import Sandbox, default_slots, open_sandbox
from trainer.config import Config
from trainer.config.schema import Role
from trainer.distributed.world import World
from trainer.policy.loading import checkpoint_of
from trainer.policy.protocol import Policy
from trainer.rollout.answers import RoleName
from trainer.rollout.execute import ExecutionRules
from trainer.rollout.sampling import Seat


@dataclass
class Crew:
    """Engines and sandbox of one process."""

    config: Config
    seats: list[Seat]
    engines: dict[str, TrainableEngine]
    """By the name of the policy each samples for."""
    box: Sandbox
    versions: dict[str, str]
    """Of the weights each engine has."""
    world: World

    async def sync(self, policies: dict[str, Policy], version: str) -> None:
        """Wake every engine and give it its policy's weights, where it has not got them."""
        for name, engine in self.engines.items():
            await engine.wake()
            if self.versions.get(name) != version:
                await engine.load_weights(version, policies[name].tensors())
                self.versions[name] = version
                if self.config.rollout.engine == "vllm-server":
                    # The first process hands them over for all: nobody may sample before.
                    self.world.wait()

    async def rest(self) -> None:
        """Have the engines give their memory to the updates, where engines and updates share an accelerator."""
        for engine in self.engines.values():
            await engine.sleep()

    @property
    def rules(self) -> ExecutionRules:
        """How programs of the training tasks are run."""
        config = self.config
        return ExecutionRules(
            config.data.most_labels,
            config.data.time_limit_s,
            config.execution.give_up_after,
            config.labels.source == "tester",
            config.labels.agreement,
        )

    @property
    def evaluation_seats(self) -> list[Seat]:
        """The roles as the evaluation asks them."""
        wanted = self.config.evaluation
        return [
            replace(seat, samples=wanted.samples, sampling=replace(seat.sampling, temperature=wanted.temperature))
            for seat in self.seats
            if seat.role != "labels"
        ]

    @property
    def evaluation_rules(self) -> ExecutionRules:
        """How programs of the evaluation are run: on every hidden test, with the reference solution beside them."""
        execution = self.config.execution
        return ExecutionRules(most_labels=1 << 30, give_up_after=execution.give_up_after, reference=True)


@asynccontextmanager
async def open_crew(config: Config, world: World) -> AsyncIterator[Crew]:
    """The crew of this process; closed at the end."""
    async with AsyncExitStack() as stack:
        slots = config.execution.slots
        if slots is None and world.size > 1:
            slots = max(2, default_slots() // world.size)
        box = await open_sandbox(config.execution.sandbox, slots=slots)
        stack.push_async_callback(box.close)
        engines: dict[str, TrainableEngine] = {}
        for name, policy in config.policies.items():
            engines[name] = await _open_engine(checkpoint_of(policy.model), config, world)
            stack.push_async_callback(engines[name].close)
        frozen: dict[str, Engine] = {}
        seats = []
        for role, settings in (("coder", config.coder), ("tester", config.tester)):
            seats.append(await _seat(cast(RoleName, role), settings, config, engines, frozen, stack))
        if config.labels.model is not None:
            labels = config.labels
            as_role = Role(
                model=labels.model,
                samples=labels.samples,
                style=labels.style,
                temperature=labels.temperature,
                max_tokens=labels.max_tokens,
            )
            seats.append(await _seat("labels", as_role, config, engines, frozen, stack))
        yield Crew(config, seats, engines, box, {}, world)


async def _open_engine(checkpoint: Path, config: Config, world: World) -> TrainableEngine:
    """The engine that samples for the policy which began as this checkpoint."""
    wanted = config.rollout
    if wanted.engine == "vllm-server":
        assert wanted.weights_dir is not None
        place, leads = Path(wanted.weights_dir), world.rank == 0
        return await open_server_engine(checkpoint, wanted.urls, place, wanted.rows, leads)
    on_gpu = world.device.type == "cuda" and find_spec("vllm") is not None
    kind = "vllm" if wanted.engine == "vllm" or (wanted.engine == "auto" and on_gpu) else "hf"
    return await open_trainable_engine(
        f"{kind}:{checkpoint}",
        LocalOptions(rows=wanted.rows, device=str(world.device)),
        VllmOptions(rows=wanted.rows, memory=wanted.memory, spmd=world.size > 1),
    )


async def _seat(
    role: RoleName,
    settings: Role,
    config: Config,
    engines: dict[str, TrainableEngine],
    frozen: dict[str, Engine],
    stack: AsyncExitStack,
) -> Seat:
    style = prompts_for(settings.style, stage="training", public_examples=settings.public_examples)
    sampling = Sampling(settings.temperature, settings.top_p, settings.top_k, settings.max_tokens, stop=style.stop)
    if settings.policy is not None:
        text = Text(checkpoint_of(config.policies[settings.policy].model))
        engine: Engine = engines[settings.policy]
        return Seat(role, engine, style, settings.samples, sampling, text.encode, settings.max_prompt_tokens)
    assert settings.model is not None
    if settings.model not in frozen:
        frozen[settings.model] = await open_engine(
            settings.model, LocalOptions(rows=config.rollout.rows), VllmOptions(rows=config.rollout.rows)
        )
        stack.push_async_callback(frozen[settings.model].close)
    return Seat(role, frozen[settings.model], style, settings.samples, sampling)
