"""The model in training and its frozen reference: packed rows in, losses and measurements out.

Both back ends (plain torch, DeepSpeed) use this network; they differ in where weights, gradients and moments are kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch

from trainer.config.schema import Loss, Optimiser
from trainer.policy import attention, lora
from trainer.policy.loading import load_model
from trainer.policy.policy import PolicySetup, Sums
from trainer.policy.scorer import Row, Scorer, on_device
from trainer.update.loss import Tokens, policy_loss
from trainer.update.pack import Pack


class Network:
    """A checkpoint's weights in float32, with adapters if asked for, and the frozen reference where it is kept."""

    def __init__(self, setup: PolicySetup, loaded_on: torch.device | None = None) -> None:
        """`loaded_on` is the device that the trained weights are loaded to; None for the process's own device."""
        base, train, device = setup.base, setup.train, setup.world.device
        self._device = device
        self._attention = attention.implementation(train.attention, device)
        bfloat16 = train.dtype == "bfloat16"
        self.model: Any = load_model(base, torch.float32, loaded_on or device, self._attention)
        self.parameters = sum(weight.numel() for weight in self.model.parameters())
        if train.lora_rank is not None:
            lora.adapt(self.model, train.lora_rank)
        if train.gradient_checkpointing:
            _checkpoint_gradients(self.model)
        self.scorer = Scorer(self.model, bfloat16)
        self.forward: Callable[..., tuple[torch.Tensor, torch.Tensor]] = self.scorer
        """The function that rows are passed through: the scorer, or a wrapper that a back end puts around it."""
        self._adapted = train.lora_rank is not None
        self._keeps_reference = setup.keep_reference
        self._reference: Scorer | None = None
        if setup.keep_reference and not self._adapted:
            frozen = load_model(base, torch.bfloat16 if bfloat16 else torch.float32, device, self._attention)
            self._reference = Scorer(frozen, bfloat16).requires_grad_(False)

    @property
    def trained(self) -> list[torch.nn.Parameter]:
        """The parameters that are trained."""
        return [weight for weight in self.model.parameters() if weight.requires_grad]

    def loss(self, pack: Pack, rules: Loss, old: torch.Tensor | None) -> tuple[torch.Tensor, Sums]:
        """A row's part of the loss, a scalar with its gradient, and the row's part of the update's sums.

        `old` are the log-probabilities (R,) at the start of the stage; None where the weights have not changed since.
        """
        row = on_device(pack, self._attention, self._device)
        reference = self._score_reference(row)
        new, entropy = self._score(self.forward, row)
        tokens = Tokens(
            new=new,
            old=old,
            sampled=row.sampler_logprobs,
            reference=reference,
            advantages=row.advantages,
            weights=row.weights,
            sample=row.sample,
        )
        measured = policy_loss(tokens, rules)
        return measured.loss, {
            "loss": float(measured.loss.detach()),
            "entropy": float((row.weights * entropy).sum()),
            "tokens": float(len(pack.targets)),
            "row_tokens": float(len(pack.ids)),
            **{name: float(value) for name, value in measured.sums.items()},
        }

    @torch.no_grad()
    def logprobs(self, pack: Pack) -> torch.Tensor:
        """Log-probabilities (R,) of a row's trained tokens, without gradient."""
        return self._score(self.forward, on_device(pack, self._attention, self._device))[0]

    def _score_reference(self, row: Row) -> torch.Tensor | None:
        """Log-probabilities (R,) under the base model; None where no reference is kept."""
        if not self._keeps_reference:
            return None
        with torch.no_grad():
            if self._reference is not None:
                return self._score(self._reference, row)[0]
            with lora.adapters_off(self.model):
                return self._score(self.forward, row)[0]

    @staticmethod
    def _score(forward: Callable[..., Any], row: Row) -> tuple[torch.Tensor, torch.Tensor]:
        """Log-probabilities (R,) and entropies (R,), in float32."""
        new, entropy = forward(row.inputs, row.where, row.targets, row.temperatures)
        return new.float(), entropy.float()

    def tensors(self) -> Iterable[tuple[str, torch.Tensor]]:
        """All weights, in the shapes and under the names of the checkpoint, adapters merged in."""
        for name, tensor in self.model.state_dict().items():
            if lora.is_adapter(name):
                continue
            adapter = lora.adapter_of(self.model, name)
            yield name, tensor if adapter is None else lora.merged(tensor, *(part.detach() for part in adapter))


def _checkpoint_gradients(model: Any) -> None:
    """Recompute activations in the backward pass instead of keeping them.

    transformers recomputes only layers that are in training mode. The modules inside these layers stay in evaluation
    mode, because dropout would change their activations otherwise.
    """
    from transformers.modeling_layers import GradientCheckpointingLayer

    model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
    for module in model.modules():
        if isinstance(module, GradientCheckpointingLayer):
            module.training = True


def adam_of(weights: Iterable[torch.nn.Parameter], optimiser: Optimiser) -> torch.optim.AdamW:
    """AdamW over these weights."""
    return torch.optim.AdamW(
        weights, lr=optimiser.learning_rate, betas=optimiser.betas, weight_decay=optimiser.weight_decay, fused=True
    )
