"""Draws tokens from logits, each row by its own parameters and its own stream of random numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from engines.protocol import Sampling

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def uniform(seeds: npt.NDArray[np.uint64], steps: npt.NDArray[np.uint64]) -> npt.NDArray[np.float64]:
    """Numbers (B,) in [0, 1), a pure function of seeds (B,) and steps (B,): no row depends on others.

    Counter-based: the finaliser of SplitMix64 (Steele et al., OOPSLA 2014), over the seed and then over the step.
    """
    with np.errstate(over="ignore"):
        mixed = _mix(_mix(seeds + _GOLDEN) + (steps + np.uint64(1)) * _GOLDEN)
    return (mixed >> np.uint64(11)).astype(np.float64) * 2.0**-53


def _mix(z: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@dataclass(frozen=True)
class Parameters:
    """Sampling parameters of B rows as columns (B, 1); top_p and top_k are None where no row uses them."""

    temperature: torch.Tensor
    greedy: torch.Tensor
    top_p: torch.Tensor | None
    top_k: torch.Tensor | None

    @classmethod
    def of(cls, rows: Sequence[Sampling], device: torch.device) -> Parameters:
        """The columns for these rows."""

        def column(values: Sequence[float]) -> torch.Tensor:
            return torch.tensor(values, device=device).unsqueeze(1)

        temperature = column([row.temperature for row in rows])
        greedy = temperature <= 0
        top_p = column([row.top_p for row in rows]) if any(row.top_p < 1 for row in rows) else None
        every = 2**31 - 1
        top_k = column([row.top_k or every for row in rows]) if any(row.top_k for row in rows) else None
        return cls(temperature.masked_fill(greedy, 1.0).float(), greedy, top_p, top_k)


def sample(logits: torch.Tensor, parameters: Parameters, uniforms: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Token ids (B,) and their log-probabilities (B,) under the distribution they were drawn from.

    logits (B, V), uniforms (B,) in [0, 1). Temperature first, then top_k, then top_p over the tokens left, as in vLLM
    and transformers. A greedy row (temperature 0) takes the likeliest token, with log-probability 0.
    """
    logprobs = _restrict(logits.float() / parameters.temperature, parameters).log_softmax(-1)
    cumulative = logprobs.double().exp().cumsum(-1)
    target = uniforms.unsqueeze(1) * cumulative[:, -1:]
    drawn = torch.searchsorted(cumulative, target, right=True).clamp_(max=logits.shape[1] - 1)
    ids = torch.where(parameters.greedy, logits.argmax(-1, keepdim=True), drawn)
    chosen = logprobs.gather(1, ids).masked_fill(parameters.greedy, 0.0)
    return ids.squeeze(1), chosen.squeeze(1)


def _restrict(logits: torch.Tensor, parameters: Parameters) -> torch.Tensor:
    """The logits with -inf outside top_k and top_p."""
    if parameters.top_k is None and parameters.top_p is None:
        return logits
    ranked, order = logits.sort(dim=-1, descending=True)
    if parameters.top_k is not None:
        ranked = ranked.masked_fill(torch.arange(ranked.shape[1], device=ranked.device) >= parameters.top_k, -torch.inf)
    if parameters.top_p is not None:
        probabilities = ranked.softmax(-1)
        before = probabilities.cumsum(-1) - probabilities
        outside = before >= parameters.top_p
        outside[:, 0] = False
        ranked = ranked.masked_fill(outside, -torch.inf)
    return torch.empty_like(ranked).scatter_(1, order, ranked)
