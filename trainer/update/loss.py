"""Policy losses over the trained tokens of one row, as pure functions: tensors in, loss and measurements out.

Tensors are (R,): one entry for each trained token, that is, each token that the loss is over. A token's weight already
averages over tokens and answers (`trainer.update.pack`), so the loss of an update is the sum over its rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch

from trainer.config.schema import Loss

Estimator = Literal["k1", "k2", "k3"]


@dataclass(frozen=True, kw_only=True)
class Tokens:
    """The trained tokens of a row: the inputs of the loss."""

    new: torch.Tensor
    """(R,) log-probabilities under the policy being trained, with their gradient."""
    old: torch.Tensor | None
    """(R,) log-probabilities under the policy at the start of the stage; None where that is the policy itself."""
    sampled: torch.Tensor
    """(R,) log-probabilities under the distribution the tokens were sampled from."""
    reference: torch.Tensor | None
    """(R,) log-probabilities under the base model; None where the divergence is not wanted."""
    advantages: torch.Tensor
    """(R,) advantage of the answer each token belongs to."""
    weights: torch.Tensor
    """(R,) each token's share of the loss."""
    sample: torch.Tensor
    """(R,) int64: number of the answer each token belongs to, counted from 0."""


@dataclass(frozen=True)
class Measured:
    """Weighted sums over a row's tokens, which are added up over rows and processes."""

    loss: torch.Tensor
    """Scalar, with its gradient."""
    sums: dict[str, torch.Tensor]
    """Detached scalars: the sum of weights (`weight`), and weighted sums of `ratio`, `clipped` (1 where the ratio was
    clipped), `capped` (1 where the importance weight is out of bounds), `mismatch_kl` (sampler against trainer) and,
    with a reference, `kl`."""


def policy_loss(tokens: Tokens, rules: Loss) -> Measured:
    """The loss of these tokens, and measurements for the metrics.

    `ppo` is Eq. 5 of CURE (arXiv 2506.03136) with a ratio per token, `gspo` has one ratio per answer (arXiv
    2507.18071), `cispo` clips the ratio but not the gradient (arXiv 2506.13585), `reinforce` is A log p. Each is
    multiplied by the importance weight between sampler and trainer, which is capped (TIS) or masked (IcePop), or is 1
    without correction.
    """
    new, weights, advantages = tokens.new, tokens.weights, tokens.advantages
    old = new.detach() if tokens.old is None else tokens.old
    importance, kept = _importance(old, tokens.sampled, rules)
    log_ratio = new - old  # (R,)
    if rules.kind == "gspo":
        log_ratio = _mean_by_sample(log_ratio, tokens.sample)
    ratio = log_ratio.exp()  # (R,)
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
    loss = -(weights * importance * gain).sum()  # scalar
    sums = {
        "weight": weights.sum(),
        "ratio": (weights * ratio.detach()).sum(),
        "clipped": (weights * clipped).sum(),
        "capped": (weights * (~kept).float()).sum(),
        "mismatch_kl": (weights * divergence(old.detach(), tokens.sampled, "k3", of_sampler=True)).sum(),
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
    """An estimate of KL(policy || other) from each token (R,), drawn from `policy` (Schulman's k1, k2, k3).

    `policy` and `other` are log-probabilities (R,). With `of_sampler` the tokens were drawn from `other`, and
    KL(other || policy) is estimated. As a loss over fixed tokens, k2's mean gradient is that of KL(policy || other),
    k3's is that of KL(other || policy), and k1's is zero.
    """
    log_ratio = policy - other if of_sampler else other - policy
    if estimator == "k1":
        return -log_ratio
    if estimator == "k2":
        return 0.5 * log_ratio.square()
    # exp overflows for tokens that the policy has become very unlikely to draw; their divergence is large either way.
    # expm1, because exp(x) - 1 - x loses precision near 0: an eighth of the value at x = 1e-3 in float32.
    log_ratio = log_ratio.clamp(max=20.0)
    return log_ratio.expm1() - log_ratio


def _importance(old: torch.Tensor, sampled: torch.Tensor, rules: Loss) -> tuple[torch.Tensor, torch.Tensor]:
    """Importance weight (R,) of each token, and whether (R,) the ratio it is made from is in bounds.

    A ratio is in bounds if it is at most the cap and, where tokens are masked, at least 1 / cap.
    """
    ratio = (old.detach() - sampled).exp()  # (R,)
    kept = ratio <= rules.correction_cap
    if rules.correction == "none":
        return torch.ones_like(ratio), kept
    if rules.correction == "truncate":
        return ratio.clamp(max=rules.correction_cap), kept
    kept = kept & (ratio >= 1 / rules.correction_cap)
    return torch.where(kept, ratio, 0.0), kept


def _mean_by_sample(values: torch.Tensor, sample: torch.Tensor) -> torch.Tensor:
    """The values (R,), each replaced by the mean over its answer."""
    count = int(sample.max()) + 1 if len(sample) else 0
    sums = values.new_zeros(count).index_add(0, sample, values)  # (answers,)
    sizes = values.new_zeros(count).index_add(0, sample, torch.ones_like(values))  # (answers,)
    return (sums / sizes)[sample]
