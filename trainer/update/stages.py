"""Which answers each stage of a step trains on, and the learning rate. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from trainer.config import Config
from trainer.config.schema import Optimiser, Role
from trainer.rollout.answers import RoleName, TaskAnswers
from trainer.update.credit import Group
from trainer.update.pack import Sample, cut


@dataclass(frozen=True)
class Stage:
    """One stage of a step: the samples that one policy is trained on."""

    name: str
    """First part of its metrics' names: `code`, `test`, `joint`, or `joint POLICY` where there are several policies."""
    policy: str
    samples: tuple[Sample, ...]


def stages_of(answers: Sequence[TaskAnswers], groups: Sequence[Group], config: Config) -> list[Stage]:
    """The stages in order: code, then tests, as in CURE's Algorithm 1; one per policy if `optimiser.stages` is joint.

    Roles without a policy are not trained.
    """
    roles: dict[RoleName, Role] = {"coder": config.coder, "tester": config.tester}
    samples = {
        role: _samples(answers, groups, role, settings, config)
        for role, settings in roles.items()
        if settings.policy is not None
    }
    if config.optimiser.stages == "separate":
        names = {"coder": "code", "tester": "test"}
        return [Stage(names[role], str(roles[role].policy), tuple(found)) for role, found in samples.items()]
    return [
        Stage(
            "joint" if len(config.policies) == 1 else f"joint {policy}",
            policy,
            tuple(sample for role, found in samples.items() if roles[role].policy == policy for sample in found),
        )
        for policy in config.policies
    ]


def _samples(
    answers: Sequence[TaskAnswers], groups: Sequence[Group], role: RoleName, settings: Role, config: Config
) -> list[Sample]:
    """The role's answers that have an advantage, in order, as the token ids that were sampled.

    An answer contains the end token only where that token was sampled, and is cut at `train.most_tokens`.
    """
    group_of = {group.slot: group for group in groups if group.role == role}
    samples = []
    for task in answers:
        group = group_of[task.slot]
        for number, (answer, advantage) in enumerate(zip(task.answers[role], group.advantages, strict=True)):
            if advantage is None or not answer.token_ids:
                continue
            sample = Sample(
                task.prompts[role],
                answer.token_ids,
                answer.logprobs,
                advantage,
                settings.temperature,
                f"{task.slot}/{role}/{number}",
            )
            samples.append(cut(sample, config.train.most_tokens))
    return samples


def shares(samples: Sequence[Sample], count: int) -> list[list[Sample]]:
    """The samples divided among `count` updates, one by one in turn; updates that would get none are left out."""
    dealt = [list(samples[number::count]) for number in range(count)]
    return [share for share in dealt if share]


def learning_rate(optimiser: Optimiser, step: int, steps: int) -> float:
    """The learning rate of `step`, counted from 1, of a run of `steps`."""
    peak = optimiser.learning_rate
    if step <= optimiser.warm_up_steps:
        return peak * step / optimiser.warm_up_steps
    if optimiser.decay == "constant":
        return peak
    done = (step - optimiser.warm_up_steps) / max(1, steps - optimiser.warm_up_steps)
    share = 1 - done if optimiser.decay == "linear" else 0.5 * (1 + math.cos(math.pi * done))
    return peak * (0.1 + 0.9 * share)
