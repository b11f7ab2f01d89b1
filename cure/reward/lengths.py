"""The length transformation of the rewards of testers with long chains of thought (section 3.4 of the CURE paper)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cure.reward.advantages import degenerate
from cure.reward.values import Floats

_ROUNDING = 1e-12
"""A reward that differs from the mean by less than this share of the range counts as equal to the mean."""


def shorten(rewards: Floats, lengths: NDArray[np.int64]) -> Floats:
    """Rewards (samples,) with mean 0 and standard deviation 1 that favour short answers among the good ones.

    `rewards` and `lengths` (in tokens) are (samples,). With r the rewards minus their mean, and T the median and l_max
    the maximum of the lengths where r > 0:

        s_i = T - l_i     where r_i > 0
        s_i = T - l_max   elsewhere
        s_i > 0 are multiplied by sum(-s_j, s_j < 0) / sum(s_j, s_j > 0), then all are divided by their standard
        deviation

    Signs: an answer that was not above the mean never becomes positive; one that was above the mean and longer than T
    becomes negative (the paper's text says otherwise, its formula does not).

    Where no s is positive (more than half of the good answers share the smallest length) or none is negative (more than
    half share the largest), the factor is undefined. Then the lengths are ignored and the standardised rewards are
    returned, so that good answers stay above bad ones on the same scale. Equal rewards, or a single one, give zeros:
    lengths alone must not create a learning signal.

    Raises ValueError where a reward is not finite, or the numbers of rewards and lengths differ.
    """
    if rewards.shape != lengths.shape:
        raise ValueError(f"there are {rewards.size} rewards and {lengths.size} lengths")
    if not np.isfinite(rewards).all():
        raise ValueError("a reward is not finite")
    if degenerate(rewards):
        return np.zeros_like(rewards)
    centred = rewards - rewards.mean()
    good = centred > _ROUNDING * np.ptp(rewards)  # (samples,)
    threshold, longest = np.median(lengths[good]), lengths[good].max()
    shaped = np.where(good, threshold - lengths, threshold - longest)
    positive, negative = shaped > 0, shaped < 0
    if not positive.any() or not negative.any():
        return np.asarray(centred / centred.std())
    shaped[positive] *= -shaped[negative].sum() / shaped[positive].sum()
    return np.asarray(shaped / shaped.std())
