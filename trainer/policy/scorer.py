"""A language model that gives log-probabilities and entropies of a row's trained tokens.

Shapes: T tokens in the row, R of them trained (the loss is over these), D hidden size, V vocabulary.
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, fields
from typing import Any

import torch
from torch.utils.checkpoint import checkpoint

from trainer.policy import attention
from trainer.update.pack import Pack

_LOGITS_AT_ONCE = 1 << 26
"""Maximum number of logits kept for the backward pass; more are computed in pieces, and again in the backward pass."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """A pack as tensors on a device."""

    inputs: dict[str, Any]
    """Keyword arguments of the model: `input_ids` (1, T), `position_ids` (1, T), and what its attention needs."""
    where: torch.Tensor
    """(R,) int64: positions in the row whose next token is trained."""
    targets: torch.Tensor
    """(R,) int64: ids of those next tokens."""
    temperatures: torch.Tensor
    """(R,) float32: temperature each token was sampled at."""
    sample: torch.Tensor
    """(R,) int64: number of the answer each token belongs to, counted from 0."""
    advantages: torch.Tensor
    """(R,) float32: advantage of the answer each token belongs to."""
    weights: torch.Tensor
    """(R,) float32: each token's share of the loss."""
    sampler_logprobs: torch.Tensor
    """(R,) float32: log-probabilities under the distribution the tokens were sampled from."""


def on_device(pack: Pack, name: str, device: torch.device) -> Row:
    """The pack as tensors, for the attention implementation `name`."""
    inputs = {
        "input_ids": torch.from_numpy(pack.ids).unsqueeze(0).to(device),  # (1, T)
        "position_ids": torch.from_numpy(pack.positions).unsqueeze(0).to(device),  # (1, T)
        **attention.arguments(pack, name, device),
    }
    names = [field.name for field in fields(Row) if field.name != "inputs"]  # fields of Pack too
    return Row(inputs=inputs, **{name: torch.from_numpy(getattr(pack, name)).to(device) for name in names})


class Scorer(torch.nn.Module):
    """A causal language model of transformers that returns log-probabilities instead of logits.

    The output layer is applied only to hidden states that predict a trained token, so prompts cost no logits. The model
    cannot return logits afterwards, because its output layer is replaced by a `LogProbabilityLayer`.
    """

    def __init__(self, model: Any, bfloat16: bool = False) -> None:
        """Wrap a model with float32 weights; with `bfloat16` the model computes in bfloat16 by autocast."""
        super().__init__()
        model.set_output_embeddings(LogProbabilityLayer(model.get_output_embeddings()))
        self.model = model
        self.in_bfloat16 = bfloat16

    def forward(
        self, inputs: dict[str, Any], where: torch.Tensor, targets: torch.Tensor, temperatures: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Log-probabilities (R,) with their gradient and entropies (R,) without.

        `inputs` as in `Row`; `where`, `targets` and `temperatures` are (R,).
        """
        # No cache of cast weights: it would keep a copy of every layer that ZeRO-3 gathers.
        autocast = torch.autocast(where.device.type, dtype=torch.bfloat16, cache_enabled=False)
        with autocast if self.in_bfloat16 else nullcontext():
            hidden = self.model.get_decoder()(**inputs, use_cache=False).last_hidden_state[0, where]  # (R, D)
            scored: tuple[torch.Tensor, torch.Tensor] = self.model.get_output_embeddings()(
                hidden, targets, temperatures
            )
        return scored


class LogProbabilityLayer(torch.nn.Linear):
    """An output layer that returns log-probabilities of targets, computed in pieces where there are too many logits.

    The layer is called once per row, however many pieces that takes: ZeRO-3 gathers a layer's weights at each call, in
    all processes at once, and their rows need different numbers of pieces.
    """

    def __init__(self, layer: torch.nn.Linear) -> None:
        super().__init__(layer.in_features, layer.out_features, bias=layer.bias is not None, device="meta")
        self.weight, self.bias = layer.weight, layer.bias
        self.train(layer.training)

    def forward(  # type: ignore[override]
        self, hidden: torch.Tensor, targets: torch.Tensor, temperatures: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Log-probabilities (R,) and entropies (R,) for hidden states (R, D), targets (R,) and temperatures (R,).

        Logits are computed in the model's precision, as the engines that sample do, then divided by the temperature and
        normalised in float32.
        """
        size = max(1, _LOGITS_AT_ONCE // self.out_features)
        if len(targets) <= size:
            return self._score(hidden, targets, temperatures)
        parts = [
            checkpoint(self._score, *pieces, use_reentrant=False)
            for pieces in zip(*(torch.split(part, size) for part in (hidden, targets, temperatures)), strict=True)
        ]
        return torch.cat([part[0] for part in parts]), torch.cat([part[1] for part in parts])

    def _score(
        self, hidden: torch.Tensor, targets: torch.Tensor, temperatures: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        # In float32: a softmax over bfloat16 numbers would round the log-probabilities again.
        logits = super().forward(hidden).float() / temperatures[:, None]  # (R, V)
        total = logits.logsumexp(-1)  # (R,)
        chosen = logits.gather(1, targets[:, None]).squeeze(1)  # (R,)
        with torch.no_grad():
            entropy = total - (logits.softmax(-1) * logits).sum(-1)  # (R,)
        return chosen - total, entropy
