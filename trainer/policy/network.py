"""The model in training and the base it is held to: packed rows in, losses and measurements out.

What the back ends share; they differ in where weights, gradients and moments live.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import torch

from trainer.config.schema import Train
from trainer.policy import attention, lora
from trainer.policy.loading import load_model
from trainer.policy.protocol import Update, unwatched
from trainer.policy.scorer import Row, Scorer, on_device
from trainer.update.loss import LossRules, Tokens, policy_loss
from trainer.update.pack import Pack

Sums = dict[str, float]


class Network:
    """Float32 weights of a checkpoint, whole or with adapters, and the frozen reference where one is kept."""

    def __init__(
        self,
        base: Path,
        train: Train,
        device: torch.device,
        keep_reference: bool,
        loaded_on: torch.device | None = None,
    ) -> None:
        """`loaded_on` is where the weights in training lie until a back end has moved them, if not on the device."""
        self._device = device
        self._attention = attention.implementation(train.attention, device)
        half = train.dtype == "bfloat16"
        self.model: Any = load_model(base, torch.float32, loaded_on or device, self._attention)
        self.parameters = sum(weight.numel() for weight in self.model.parameters())
        if train.lora_rank is not None:
            lora.adapt(self.model, train.lora_rank)
        if train.gradient_checkpointing:
            _checkpoint_gradients(self.model)
        self.scorer = Scorer(self.model, half)
        self.forward: Callable[..., tuple[torch.Tensor, torch.Tensor]] = self.scorer
        """What rows go through; a back end may wrap the scorer."""
        self._adapted = train.lora_rank is not None
        self._keeps_reference = keep_reference
        self._reference: Scorer | None = None
        if keep_reference and not self._adapted:
            frozen = load_model(base, torch.bfloat16 if half else torch.float32, device, self._attention)
            self._reference = Scorer(frozen, half).requires_grad_(False)

    @property
    def trained(self) -> list[torch.nn.Parameter]:
        """The parameters with a gradient."""
        return [weight for weight in self.model.parameters() if weight.requires_grad]

    def loss(self, pack: Pack, rules: LossRules, old: torch.Tensor | None) -> tuple[torch.Tensor, Sums]:
        """A row's part of the loss, with its gradient, and of all that is measured."""
        row = on_device(pack, self._attention, self._device)
        reference = self._score_reference(row)
        new, entropy = self._score(self.forward, row)
        tokens = Tokens(new, old, row.sampler, reference, row.advantages, row.weights, row.sample)
        measured = policy_loss(tokens, rules)
        return measured.loss, {
            "loss": float(measured.loss.detach()),
            "entropy": float((row.weights * entropy).sum()),
            "tokens": float(len(pack.targets)),
            "row_tokens": float(len(pack.ids)),
            **{name: float(value) for name, value in measured.sums.items()},
        }

    def logprobs(self, packs: Sequence[Pack], on_row: Callable[[], None] = unwatched) -> list[torch.Tensor]:
        """Log-probabilities of the trained tokens of each row, without gradient."""
        found: list[torch.Tensor] = []
        with torch.no_grad():
            for pack in packs:
                found.append(self._score(self.forward, on_device(pack, self._attention, self._device))[0])
                on_row()
        return found

    def _score_reference(self, row: Row) -> torch.Tensor | None:
        if not self._keeps_reference:
            return None
        with torch.no_grad():
            if self._reference is not None:
                return self._score(self._reference, row)[0]
            with lora.adapters_off(self.model):
                return self._score(self.forward, row)[0]

    @staticmethod
    def _score(forward: Callable[..., Any], row: Row) -> tuple[torch.Tensor, torch.Tensor]:
        new, entropy = forward(row.inputs, row.where, row.targets, row.temperatures)
        return new.float(), entropy.float()

    def tensors(self) -> Iterable[tuple[str, torch.Tensor]]:
        """All weights under their names in the checkpoint, adapters merged in."""
        for name, tensor in self.model.state_dict().items():
            if lora.is_adapter(name):
                continue
            adapter = lora.adapter_of(self.model, name)
            yield name, tensor if adapter is None else lora.merged(tensor, *(part.detach() for part in adapter))


def _checkpoint_gradients(model: Any) -> None:
    """Make activations again in the backward pass instead of keeping them, and nothing else of training mode.

    transformers looks at the layers' own mode; that of the modules inside would switch dropout on.
    """
    from transformers.modeling_layers import GradientCheckpointingLayer

    model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
    for module in model.modules():
        if isinstance(module, GradientCheckpointingLayer):
            module.training = True


def add_up(parts: Iterable[Sums]) -> Sums:
    """The sums of several rows."""
    total: Sums = {"loss": 0.0, "entropy": 0.0, "tokens": 0.0, "row_tokens": 0.0}
    for part in parts:
        for name, value in part.items():
            total[name] = total.get(name, 0.0) + value
    return total


def as_update(sums: Sums, norm: float, skipped: bool) -> Update:
    """The record of an update with these sums over all rows of all processes."""
    rest = dict(sums)
    loss, entropy, tokens, row_tokens = (rest.pop(name) for name in ("loss", "entropy", "tokens", "row_tokens"))
    why = f"loss {loss:g}, gradient norm {norm:g}" if skipped else ""
    return Update(loss, norm, entropy, int(tokens), int(row_tokens), rest, why)
