"""A language model that says what it thinks of the trained tokens of a row."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import torch
from torch.utils.checkpoint import checkpoint

from trainer.policy import attention
from trainer.update.pack import Pack

_LOGITS_AT_ONCE = 1 << 26
"""Most logits held in memory for the backward pass; beyond it they are made again in pieces."""


@dataclass(frozen=True)
class Row:
    """A pack on a device."""

    inputs: dict[str, Any]
    """Keyword arguments of the model."""
    where: torch.Tensor
    targets: torch.Tensor
    temperatures: torch.Tensor
    sample: torch.Tensor
    advantages: torch.Tensor
    weights: torch.Tensor
    sampler: torch.Tensor


def on_device(pack: Pack, name: str, device: torch.device) -> Row:
    """The pack as tensors, for the attention called `name`."""
    inputs = {
        "input_ids": torch.from_numpy(pack.ids).unsqueeze(0).to(device),
        "position_ids": torch.from_numpy(pack.positions).unsqueeze(0).to(device),
        **attention.arguments(pack, name, device),
    }
    rest = (pack.where, pack.targets, pack.temperatures, pack.sample, pack.advantages, pack.weights)
    return Row(inputs, *(torch.from_numpy(part).to(device) for part in (*rest, pack.sampler_logprobs)))


class Scorer(torch.nn.Module):
    """A causal language model of transformers, asked for log-probabilities instead of logits.

    Only hidden states that predict a trained token meet the output layer, so prompts cost no logits. The model's output
    layer is replaced by one that judges tokens, so the model gives no logits of its own any more.
    """

    def __init__(self, model: Any, half: bool = False) -> None:
        """With `half` a model of float32 weights computes in bfloat16, by autocast."""
        super().__init__()
        model.set_output_embeddings(JudgingLayer(model.get_output_embeddings()))
        self.model = model
        self.half_passes = half

    def forward(
        self, inputs: dict[str, Any], where: torch.Tensor, targets: torch.Tensor, temperatures: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Log-probabilities (R,) with their gradient, and entropies (R,) without."""
        # Without a cache of cast weights: it would hold a copy of all that ZeRO-3 gathers layer by layer.
        autocast = torch.autocast(where.device.type, dtype=torch.bfloat16, cache_enabled=False)
        with autocast if self.half_passes else nullcontext():
            hidden = self.model.get_decoder()(**inputs, use_cache=False).last_hidden_state[0, where]  # (R, D)
            judged: tuple[torch.Tensor, torch.Tensor] = self.model.get_output_embeddings()(
                hidden, targets, temperatures
            )
        return judged


class JudgingLayer(torch.nn.Linear):
    """An output layer that gives log-probabilities of targets, in pieces where the logits would be too many.

    One layer called once per row, however many pieces that takes: ZeRO-3 gathers a layer's weights when it is called,
    in all processes at once, and their rows need different numbers of pieces.
    """

    def __init__(self, layer: torch.nn.Linear) -> None:
        super().__init__(layer.in_features, layer.out_features, bias=layer.bias is not None, device="meta")
        self.weight, self.bias = layer.weight, layer.bias
        self.train(layer.training)

    def forward(  # type: ignore[override]
        self, hidden: torch.Tensor, targets: torch.Tensor, temperatures: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Log-probabilities (R,) and entropies (R,) of hidden states (R, D).

        Logits are what the model computes in, as in engines that sample; the softmax over them, divided by the
        temperature they were sampled at, is in single precision.
        """
        size = max(1, _LOGITS_AT_ONCE // self.out_features)
        if len(targets) <= size:
            return self._judge(hidden, targets, temperatures)
        parts = [
            checkpoint(self._judge, *pieces, use_reentrant=False)
            for pieces in zip(*(torch.split(part, size) for part in (hidden, targets, temperatures)), strict=True)
        ]
        return torch.cat([part[0] for part in parts]), torch.cat([part[1] for part in parts])

    def _judge(
        self, hidden: torch.Tensor, targets: torch.Tensor, temperatures: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        # A softmax over half-precision numbers would round the log-probabilities once more.
        logits = super().forward(hidden).float() / temperatures[:, None]
        total = logits.logsumexp(-1)
        chosen = logits.gather(1, targets[:, None]).squeeze(1)
        with torch.no_grad():
            entropy = total - (logits.softmax(-1) * logits).sum(-1)
        return chosen - total, entropy
