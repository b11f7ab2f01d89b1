"""Which answers each update of a step trains on, and at what learning rate. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from trainer.config import Config
from trainer.config.schema import Optimiser, Role
from trainer.rollout.answers import Answers, RoleName
from trainer.update.credit import Group
from trainer.update.pack import Sample, cut

StageName = Literal["code", "test", "joint"]


@dataclass(frozen=True)
class Stage:
    """One stage of a step: the answers that one policy is trained on."""

    name: str
    """Of the metrics: the stage, and the policy where there are several."""
    policy: str
    samples: tuple[Sample, ...]


def stages_of(answers: Sequence[Answers], groups: Sequence[Group], config: Config) -> list[Stage]:
    """The stages in their order: code, then tests, as in Algorithm 1; or all answers of a policy at once."""
    roles: list[tuple[RoleName, Role, str]] = [("coder", config.coder, "code"), ("tester", config.tester, "test")]
    trained = [(role, settings, name) for role, settings, name in roles if settings.policy is not None]
    if config.optimiser.stages == "separate":
        return [
            Stage(name, str(settings.policy), tuple(_samples(answers, groups, role, settings, config)))
            for role, settings, name in trained
        ]
    stages = []
    for policy in config.policies:
        mine = [(role, settings) for role, settings, _ in trained if settings.policy == policy]
        samples = [s for role, settings in mine for s in _samples(answers, groups, role, settings, config)]
        name = "joint" if len(config.policies) == 1 else f"joint {policy}"
        stages.append(Stage(name, policy, tuple(samples)))
    return stages


def _samples(
    answers: Sequence[Answers], groups: Sequence[Group], role: RoleName, settings: Role, config: Config
) -> list[Sample]:
    """The role's answers that have an advantage, in order. Tokens are those that were sampled, the end token only
    where it was."""
    of_task = {group.slot: group for group in groups if group.role == role}
    samples = []
    for one in answers:
        group = of_task[one.slot]
        for number, (answer, advantage) in enumerate(zip(one.answers[role], group.advantages, strict=True)):
            if advantage is None or not answer.token_ids:
                continue
            sample = Sample(
                one.prompts[role],
                answer.token_ids,
                answer.logprobs,
                advantage,
                settings.temperature,
                f"{one.slot}/{role}/{number}",
            )
            samples.append(cut(sample, config.train.most_tokens))
    return samples


def shares(samples: Sequence[Sample], count: int) -> list[list[Sample]]:
    """The samples dealt out to `count` updates, none left over; updates that would get none are left out."""
    dealt = [list(samples[number::count]) for number in range(count)]
    return [share for share in dealt if share]


def learning_rate(optimiser: Optimiser, step: int, steps: int) -> float:
    """The learning rate of a step, counted from 1."""
    peak = optimiser.learning_rate
    if step <= optimiser.warm_up_steps:
        return peak * step / optimiser.warm_up_steps
    if optimiser.decay == "constant":
        return peak
    done = (step - optimiser.warm_up_steps) / max(1, steps - optimiser.warm_up_steps)
    share = 1 - done if optimiser.decay == "linear" else 0.5 * (1 + math.cos(math.pi * done))
    return peak * (0.1 + 0.9 * share)
