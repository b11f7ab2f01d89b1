"""Advantages of the answers of one role to one problem, computed from their rewards."""

from __future__ import annotations

from typing import Literal

import numpy as np

from cure.reward.values import Floats

AdvantageKind = Literal["standard", "centre", "loo", "maxrl"]


def advantages(rewards: Floats, kind: AdvantageKind) -> Floats | None:
    """Advantages (samples,) with mean 0 of rewards (samples,); None for fewer than two samples and for equal rewards.

    `standard`: (r - mean) / population standard deviation, as in the CURE paper and its released reward.py.
    `centre`: r - mean (Dr. GRPO, arXiv 2503.20783).
    `loo`: r - mean of the other rewards (RLOO, arXiv 2402.14740).
    `maxrl`: (r - mean) / mean (MaxRL, arXiv 2602.02710), for rewards that are shares or counts of success.

    Raises ValueError for a reward that is not finite, and for a negative one with `maxrl`.
    """
    if not np.isfinite(rewards).all():
        raise ValueError("a reward is not finite")
    if kind == "maxrl" and (rewards < 0).any():
        raise ValueError("maxrl divides by the mean reward, so it is defined only for rewards of at least 0")
    if degenerate(rewards):
        return None
    centred = rewards - rewards.mean()
    if kind == "standard":
        return np.asarray(centred / centred.std())
    if kind == "loo":
        return np.asarray(centred * (rewards.size / (rewards.size - 1)))
    if kind == "maxrl":
        return np.asarray(centred / rewards.mean())
    return np.asarray(centred)


def degenerate(rewards: Floats) -> bool:
    """Whether rewards (samples,) are all equal, or fewer than two.

    Rewards are compared directly: the standard deviation of equal fractions, such as 15 times 1/3, may differ from 0.
    """
    return rewards.size < 2 or not np.ptp(rewards)
