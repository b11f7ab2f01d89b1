"""Policy losses over the tokens of one row, as pure functions: tensors in, loss and measurements out.

Every tensor is (R,), one entry per trained token. A token's weight already holds the aggregation
(`trainer.update.pack`), so the loss of an update is the sum over its rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch

Kind = Literal["ppo", "reinforce", "gspo", "cispo"]
Estimator = Literal["k1", "k2", "k3"]
Correction = Literal["truncate", "mask", "none"]


@dataclass(frozen=True)
class LossRules:
    """Which loss."""

    kind: Kind = "ppo"
    clip_low: float = 0.2
    clip_high: float = 0.2
    kl: Estimator = "k3"
    kl_weight: float = 0.0
    correction: Correction = "truncate"
    correction_cap: float = 2.0


@dataclass(frozen=True)
class Tokens:
    """What the loss needs to know of the tokens of a row."""

    new: torch.Tensor
    """Log-probabilities under the policy being trained, with their gradient."""
    old: torch.Tensor | None
    """Under the policy at the start of the stage; None where that is the policy itself (one update per stage)."""
    sampler: torch.Tensor
    """As sampled."""
    reference: torch.Tensor | None
    """Under the base policy; None where no divergence is wanted."""
    advantages: torch.Tensor
    weights: torch.Tensor
    sample: torch.Tensor
    """Which answer each token belongs to, counted from 0."""


@dataclass(frozen=True)
class Measured:
    """Weighted sums over the row's tokens, to be added up over rows and processes."""

    loss: torch.Tensor
    """With its gradient."""
    sums: dict[str, torch.Tensor]
    """Without: `weight`, and by it `kl`, `clipped`, `capped`, `mismatch_kl`, `ratio`."""


def policy_loss(tokens: Tokens, rules: LossRules) -> Measured:
    """The loss of these tokens.

    `ppo` is Eq. 5 per token, `gspo` with one ratio per answer (arXiv 2507.18071), `cispo` clips the weight and not the
    gradient (arXiv 2506.13585), `reinforce` is A log p. All are multiplied by the importance weight between sampler and
    trainer, capped (TIS) or masked (IcePop).
    """
    new, weights, advantages = tokens.new, tokens.weights, tokens.advantages
    old = new.detach() if tokens.old is None else tokens.old
    importance, kept = _importance(old, tokens.sampler, rules)
    log_ratio = new - old
    if rules.kind == "gspo":
        log_ratio = _mean_by_sample(log_ratio, tokens.sample)
    ratio = log_ratio.exp()
    low, high = 1 - rules.clip_low, 1 + rules.clip_high
    if rules.kind == "reinforce":
        gain = advantages * new
        clipped = torch.zeros_like(ratio)
    elif rules.kind == "cispo":
        gain = ratio.detach().clamp(low, high) * advantages * new
        clipped = ((ratio < low) | (ratio > high)).float()
    else:
        bounded = ratio.clamp(low, high) * advantages
        gain = torch.minimum(ratio * advantages, bounded)
        clipped = (bounded < ratio * advantages).float()
    loss = -(weights * importance * gain).sum()
    sums = {
        "weight": weights.sum(),
        "ratio": (weights * ratio.detach()).sum(),
        "clipped": (weights * clipped).sum(),
        "capped": (weights * (~kept).float()).sum(),
        "mismatch_kl": (weights * divergence(old.detach(), tokens.sampler, "k3", of_sampler=True)).sum(),
    }
    if tokens.reference is not None:
        kl = (weights * divergence(new, tokens.reference, rules.kl)).sum()
        sums["kl"] = kl.detach()
        if rules.kl_weight:
            loss = loss + rules.kl_weight * kl
    return Measured(loss, {name: value.detach() for name, value in sums.items()})


def divergence(
    policy: torch.Tensor, other: torch.Tensor, estimator: Estimator, of_sampler: bool = False
) -> torch.Tensor:
    """Per token, an estimate of KL(policy || other) from a token drawn from `policy` (Schulman's k1, k2, k3).

    With `of_sampler` the token was drawn from `other`, and it is KL(other || policy) that is estimated.
    As a loss, over tokens that stay as drawn: k2's mean gradient is that of KL(policy || other), k3's that of
    KL(other || policy), and k1's is zero.
    """
    log_ratio = policy - other if of_sampler else other - policy
    if estimator == "k1":
        return -log_ratio
    if estimator == "k2":
        return 0.5 * log_ratio.square()
    # exp overflows for tokens a policy has given up; their divergence is large either way. And near 0 exp(x) - 1 - x is
    # mostly rounding, in single precision an eighth of the value at 1e-3.
    log_ratio = log_ratio.clamp(max=20.0)
    return log_ratio.expm1() - log_ratio


def _importance(old: torch.Tensor, sampler: torch.Tensor, rules: LossRules) -> tuple[torch.Tensor, torch.Tensor]:
    """Weight of each token, and whether it is within the cap."""
    ratio = (old.detach() - sampler).exp()
    kept = ratio <= rules.correction_cap
    if rules.correction == "none":
        return torch.ones_like(ratio), kept
    if rules.correction == "truncate":
        return ratio.clamp(max=rules.correction_cap), kept
    kept = kept & (ratio >= 1 / rules.correction_cap)
    return torch.where(kept, ratio, 0.0), kept


def _mean_by_sample(values: torch.Tensor, sample: torch.Tensor) -> torch.Tensor:
    """Each value replaced by the mean over its answer."""
    count = int(sample.max()) + 1 if len(sample) else 0
    sums = values.new_zeros(count).index_add(0, sample, values)
    sizes = values.new_zeros(count).index_add(0, sample, torch.ones_like(values))
    return (sums / sizes)[sample]
